// Verdicts come back by file name, so within one person's photos every name is
// sent once and survives the way through a multipart header and the gateway's
// own cleaning of names unchanged.

const longest = 100 // characters the gateway keeps

export function uniqueName(name: string, taken: Iterable<string>): string {
  const used = new Set([...taken].map((t) => t.toLowerCase()))
  const [stem, extension] = split(plain(name))
  for (let n = 1; ; n++) {
    const suffix = n === 1 ? '' : ` (${n})`
    const room = longest - suffix.length - [...extension].length
    const candidate = [...stem].slice(0, room).join('').trimEnd() + suffix + extension
    if (!used.has(candidate.toLowerCase())) return candidate
  }
}

function plain(name: string): string {
  const clean = name.normalize('NFC').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}"\\/]/gu, '_').trim()
  return /^\.*$/.test(clean) ? 'photo' : clean
}

function split(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.')
  return dot > 0 && name.length - dot <= 6 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
}
