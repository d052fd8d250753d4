// Verdicts come back by file name, so within one person's photos every name is
// sent once and survives the way through a multipart header unchanged.

const longest = 120 // characters

export function uniqueName(name: string, taken: Iterable<string>): string {
  const used = new Set([...taken].map((t) => t.toLowerCase()))
  const [stem, extension] = split(plain(name))
  for (let n = 1; ; n++) {
    const suffix = n === 1 ? '' : ` (${n})`
    const candidate = stem.slice(0, longest - suffix.length - extension.length).trimEnd() + suffix + extension
    if (!used.has(candidate.toLowerCase())) return candidate
  }
}

function plain(name: string): string {
  return name.normalize('NFC').replace(/[\p{Cc}"\\/]/gu, '_').trim() || 'photo'
}

function split(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.')
  return dot > 0 && name.length - dot <= 6 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
}
