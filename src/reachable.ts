/**
 * Which addresses a check may reach. A check goes where a list of endpoints sends it, and such a list may be wrong, or somebody else's: it
 * must not be a way to the host's own services, or to what clouds tell their machines.
 */
import { type LookupAddress, lookup } from "node:dns"
import { BlockList, isIP, type LookupFunction } from "node:net"

const never = new BlockList()
// Link-local, and with it the metadata services of clouds; what is no address of anybody; multicast.
never.addSubnet("169.254.0.0", 16)
never.addSubnet("0.0.0.0", 8)
never.addSubnet("224.0.0.0", 4)
never.addSubnet("240.0.0.0", 4)
never.addSubnet("192.0.0.0", 24)
never.addAddress("100.100.100.200")
never.addAddress("168.63.129.16")
never.addSubnet("fe80::", 10, "ipv6")
never.addSubnet("fec0::", 10, "ipv6")
never.addSubnet("ff00::", 8, "ipv6")
never.addAddress("::", "ipv6")
never.addAddress("fd00:ec2::254", "ipv6")
never.addAddress("fd20:ce::254", "ipv6")

const own = new BlockList()
own.addSubnet("127.0.0.0", 8)
own.addAddress("::1", "ipv6")

/** The IPv4 address in an IPv6 one that stands for it: mapped, translated, compatible, NAT64 or 6to4. */
function embedded(address: string): string | undefined {
  const words = wordsOf(address)
  if (words === undefined) return undefined
  const [first, second] = words
  const at = first === 0x2002 ? 1 : 6
  const [prefix, fifth, sixth] = [words.slice(0, 4), words[4], words[5]]
  const isTranslated = fifth === 0xffff && sixth === 0
  const isMapped =
    prefix.every((word) => word === 0) && (isTranslated || (fifth === 0 && [0, 0xffff].includes(sixth ?? -1)))
  const isNat64 = first === 0x64 && second === 0xff9b
  if (!isMapped && !isNat64 && first !== 0x2002) return undefined
  const [high, low] = [words[at] ?? 0, words[at + 1] ?? 0]
  // Neither the unspecified address nor loopback is one of those.
  if (isMapped && fifth === 0 && sixth === 0 && high === 0 && low <= 1) return undefined
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** The eight words of an IPv6 address; `undefined` for what is none. */
function wordsOf(address: string): readonly number[] | undefined {
  const [bare = ""] = address.split("%")
  if (isIP(bare) !== 6) return undefined
  const plain = bare.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const hex = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16)
    return `${hex(a, b)}:${hex(c, d)}`
  })
  const [head = "", tail] = plain.split("::")
  const read = (part: string) => (part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16)))
  const [before, after] = [read(head), tail === undefined ? [] : read(tail)]
  return [...before, ...Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
}

const isIn = (list: BlockList, address: string): boolean => {
  const [bare = ""] = address.split("%")
  return list.check(bare, isIP(bare) === 6 ? "ipv6" : "ipv4")
}

export interface Reach {
  /** Whether checks may reach this host itself. */
  readonly loopback: boolean
}

/** Why an address may not be reached; `undefined` if it may. */
export function objectionTo(address: string, { loopback }: Reach): string | undefined {
  const inner = embedded(address)
  if (inner !== undefined) return objectionTo(inner, { loopback })
  if (isIP(address.split("%")[0] ?? "") === 0) return `${address} is no address`
  if (isIn(never, address)) return `${address} is not an address that a check may reach`
  if (!loopback && isIn(own, address)) return `${address} is this host itself: say loopback: true if that is meant`
  return undefined
}

export class NotReachable extends Error {
  override readonly name = "NotReachable"
}

/** Throws for a host that is written as an address which may not be reached. Names are looked at when they are resolved. */
export function refuseHost(host: string, reach: Reach): void {
  const bare = host.replace(/^\[|\]$/g, "")
  const objection = isIP(bare.split("%")[0] ?? "") === 0 ? undefined : objectionTo(bare, reach)
  if (objection !== undefined) throw new NotReachable(objection)
}

/** Resolves a name for a connection, to addresses that may be reached: what was looked at is what is connected to. */
export const lookupWithin =
  (reach: Reach): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, "", 0)
      const objection = addresses.map(({ address }) => objectionTo(address, reach)).find((each) => each !== undefined)
      const [first] = addresses
      if (objection !== undefined || first === undefined)
        return callback(new NotReachable(`${hostname}: ${objection ?? "it has no address"}`), "", 0)
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }

/** The address of a host, if it may be reached. */
export const resolveWithin = (host: string, reach: Reach): Promise<string> =>
  new Promise((resolve, reject) =>
    lookupWithin(reach)(host, {}, (error, address) => (error === null ? resolve(String(address)) : reject(error))),
  )
