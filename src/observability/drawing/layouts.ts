/** The layouts of the atlas, which `npm run atlas` makes: what is shipped of the layouter is its result. */
import layouts from "../../../visualizations/atlas/layouts.json" with { type: "json" }
import type { Picture } from "./picture.ts"

const pictures: { readonly [key: string]: Picture | undefined } = layouts

export const pictureOf = (key: string): Picture | undefined =>
  Object.hasOwn(pictures, key) ? pictures[key] : undefined
