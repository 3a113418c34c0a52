/** JSON that somebody else wrote. */

/** Nothing that this library writes or reads is nested deeper; a million brackets within each other take V8 fifty milliseconds to refuse. */
const deepest = 64

/** Whether there are so few brackets in it, wherever they stand, that no two of `deepest` can be within each other. */
function hasFewBrackets(text: string): boolean {
  let found = 0
  for (const bracket of ["[", "{"])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++found > deepest) return false
  return true
}

function isFlat(text: string): boolean {
  if (hasFewBrackets(text)) return true
  let depth = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at)
    if (letter === 0x22) isText = !isText
    else if (isText) {
      // What a backslash escapes ends nothing.
      if (letter === 0x5c) at++
    } else if (letter === 0x5b || letter === 0x7b) {
      if (++depth > deepest) return false
    } else if (letter === 0x5d || letter === 0x7d) depth--
  }
  return true
}

/** Throws `SyntaxError`, and `RangeError` for what is nested too deep, before any of it is taken apart. */
export function parseBounded(text: string): unknown {
  if (!isFlat(text)) throw new RangeError(`nested deeper than ${deepest} levels`)
  return JSON.parse(text)
}
