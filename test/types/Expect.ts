/** Whether two types are the same type, not merely assignable to each other. */
export type Equal<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

/** Compiles only when the claim is `true`: `type _ = Expect<Equal<typeof value, string>>`. */
export type Expect<Claim extends true> = Claim

/** Compiles only when the value is of exactly this type: `exactly<string>().is(value)`. */
export declare const exactly: <Type>() => {
  is<Actual>(value: Actual, ...wrong: Equal<Actual, Type> extends true ? [] : [never]): void
}
