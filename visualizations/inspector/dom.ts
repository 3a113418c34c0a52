/** Makes elements. Whatever comes from the program is text: nothing of it is ever read as markup. */

type Child = Node | string | undefined | false

interface Attributes {
  readonly [name: string]: string | number | boolean | undefined | ((event: Event) => void)
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
}

const add = (element: Element, children: readonly Child[]): void => {
  for (const child of children) if (child !== undefined && child !== false) element.append(child)
}

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  set(element, attributes)
  add(element, children)
  return element
}

export function svgEl(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  set(element, attributes)
  add(element, children)
  return element
}

/** Puts these in the place of what an element holds, if they are not there already. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => child !== undefined && child !== false))
}

export const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text
}
