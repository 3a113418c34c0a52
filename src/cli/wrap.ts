/** Not within a number such as 2 966, nor before its per cent. */
const breakable = / (?!\d{3}\b|%)/

/** Breaks a text at its spaces into lines of at most `width` characters, as far as its words allow. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(breakable)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
