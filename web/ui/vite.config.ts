import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

// The policy the gateway itself sends. `npm run preview` sends it too, so that
// what breaks under it is seen before the console is embedded.
const policy = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ')

const gateway = { '/v1': 'http://127.0.0.1:8080', '/openapi.yaml': 'http://127.0.0.1:8080', '/openapi.json': 'http://127.0.0.1:8080' }

export default defineConfig({
  plugins: [svelte()],
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // everything is a file: the policy allows no inline code
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: gateway },
  preview: { proxy: gateway, headers: { 'Content-Security-Policy': policy } },
  test: { include: ['src/**/*.test.ts'] },
})
