/** Numbers as a reader likes them: `1 call`, `100 000 keys`. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en").replaceAll(",", " ")} ${what}${count === 1 ? "" : "s"}`
