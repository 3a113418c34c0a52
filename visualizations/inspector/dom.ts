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

/** A child that is the same one after an update, wherever it stands then, says so with `data-key`. */
const keyOf = (node: Node): string => (node instanceof Element ? (node.getAttribute("data-key") ?? "") : "")

/** Whoever has unfolded something wants it to stay so. */
const isTheirs = (name: string): boolean => name === "open"

function become(known: ChildNode, wanted: ChildNode): void {
  if (!(known instanceof Element && wanted instanceof Element)) {
    if (known.nodeValue !== wanted.nodeValue) known.nodeValue = wanted.nodeValue
    return
  }
  for (const name of known.getAttributeNames()) {
    if (!wanted.hasAttribute(name) && !isTheirs(name)) known.removeAttribute(name)
  }
  for (const { name, value } of wanted.attributes) {
    if (known.getAttribute(name) === value) continue
    // The policy of the page lets no attribute set a style.
    if (name === "style") (known as HTMLElement).style.cssText = value
    else known.setAttribute(name, value)
  }
  adopt(known, [...wanted.childNodes])
}

/** Somebody has the focus in it, or marks its words: it would lose that if it were moved, so others are. */
const isAttended = (node: Node): boolean =>
  node.contains(document.activeElement) || getSelection()?.containsNode(node, true) === true

function adopt(element: Element, wanted: readonly ChildNode[]): void {
  const stay = new Set(wanted.map(keyOf))
  for (const child of [...element.children]) if (keyOf(child) !== "" && !stay.has(keyOf(child))) child.remove()
  const keyed = new Map([...element.children].map((child) => [keyOf(child), child]))
  let next: ChildNode | null = element.firstChild
  for (const node of wanted) {
    const key = keyOf(node)
    const known = key === "" ? next : (keyed.get(key) ?? null)
    if (known === null || keyOf(known) !== key || known.nodeName !== node.nodeName) element.insertBefore(node, next)
    else {
      if (known !== next && isAttended(known)) {
        while (next !== null && next !== known) {
          const passed: ChildNode = next
          next = next.nextSibling
          element.append(passed)
        }
      }
      if (known === next) next = next.nextSibling
      else element.insertBefore(known, next)
      become(known, node)
    }
  }
  while (next !== null) {
    const gone = next
    next = next.nextSibling
    gone.remove()
  }
}

/**
 * As `fill`, for what is told every second: what is there already stays, and so does what a person does with it, who has the focus on it,
 * marks its words or has unfolded it. What hears events is not for this: those of a new element are lost.
 */
export function renew(element: Element, ...children: readonly Child[]): void {
  const wanted = document.createElement("div")
  add(wanted, children)
  adopt(element, [...wanted.childNodes])
}

export const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text
}
