// Words for what getUserMedia throws (W3C Media Capture and Streams, 10.2).

export interface WebcamProblem {
  detail: string
  next: string
}

export function webcamProblem(cause: unknown): WebcamProblem {
  switch (cause instanceof DOMException ? cause.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        detail: 'The browser was not allowed to use the camera.',
        next: 'Allow the camera for this page in the address bar, then start again.',
      }
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { detail: 'No camera was found.', next: 'Connect one, or choose photos from files.' }
    case 'NotReadableError':
    case 'AbortError':
      return { detail: 'The camera gives no picture.', next: 'Another program may be using it: close that, then start again.' }
  }
  return { detail: 'The camera could not be started.', next: 'Start again, or choose photos from files.' }
}

// Browsers hide the camera from pages that could be read or changed on their way.
export const insecure: WebcamProblem = {
  detail: 'The camera works only on a secure page.',
  next: 'Open the console by https, or on the gateway’s own machine as http://localhost.',
}

export const lost: WebcamProblem = { detail: 'The camera was disconnected.', next: 'Connect it, then start again.' }

// socketURL is a WebSocket of the gateway, as seen from the page.
export function socketURL(path: string, page = location.href): string {
  const url = new URL(`v1${path}`, page)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.hash = ''
  return url.href
}
