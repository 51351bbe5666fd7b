import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** RFC 6238 with what every authenticator app understands: SHA-1, 6 digits, 30 seconds, one step either way. */
const stepMs = 30_000
const digits = 6
const toleratedSteps = [0, -1, 1]
const issuer = 'Alta Desk'

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** 160 random bits in base32 (RFC 4648), as long as the hash (RFC 4226, section 4). */
export function newTotpSecret(): string {
  const bits = Array.from(randomBytes(20), (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => base32Alphabet[Number.parseInt(five, 2)]).join('')
}

/** What a QR code holds for the app (Google Authenticator's key URI format). */
export function otpauthUrl(secret: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const query = new URLSearchParams({ secret, issuer, algorithm: 'SHA1', digits: '6', period: '30' })
  return `otpauth://totp/${label}?${query.toString().replaceAll('+', '%20')}`
}

/** The code of a time step (RFC 4226, section 5.3). */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', keyOf(secret)).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 0xf
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0')
}

/** The time step of a moment in milliseconds since the epoch. */
export function totpStep(atMs: number): number {
  return Math.floor(atMs / stepMs)
}

/** The step whose code this is; null where it is none of now, or of a step that is not after `lastStep`. */
export function matchingStep(secret: string, code: string, now: number, lastStep: number): number | null {
  const given = code.replace(/\s/g, '')
  if (!/^\d{6}$/.test(given)) return null
  const steps = toleratedSteps.map((difference) => totpStep(now) + difference)
  const matching = steps.filter((step) =>
    timingSafeEqual(Buffer.from(totpCode(secret, step)), Buffer.from(given)),
  )
  return matching.find((step) => step > lastStep) ?? null
}

function keyOf(secret: string): Buffer {
  const bits = Array.from(secret, (letter) => base32Alphabet.indexOf(letter).toString(2).padStart(5, '0'))
  const bytes = bits.join('').match(/.{8}/g) ?? []
  return Buffer.from(bytes.map((eight) => Number.parseInt(eight, 2)))
}
