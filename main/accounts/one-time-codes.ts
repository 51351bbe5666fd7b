import { createHash, randomInt, timingSafeEqual } from 'node:crypto'

/** Letters and digits that are not mistaken for one another. */
const codeAlphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

/** A code that a person can read and type: groups of four characters, 20 bits each. */
export function newCode(groups: number): string {
  const pick = (): string => codeAlphabet[randomInt(codeAlphabet.length)] ?? ''
  const group = (): string => Array.from({ length: 4 }, pick).join('')
  return Array.from({ length: groups }, group).join('-')
}

/** Resets a forgotten password: 80 bits in four groups. */
export function newRecoveryCode(): string {
  return newCode(4)
}

/** Codes are typed in any case, with or without their dashes and spaces. */
function plain(code: string): string {
  return code.replace(/[\s-]/g, '').toUpperCase()
}

/** What the database keeps of a code: its SHA-256. A code has at least 60 random bits, so guessing from it is vain. */
export function hashOfCode(code: string): string {
  return createHash('sha256').update(plain(code)).digest('hex')
}

/** Whether a typed code is the wanted one; how long it takes tells nothing. */
export function isCode(given: string | undefined, wanted: string | null): boolean {
  return given !== undefined && wanted !== null && isHashOf(given, hashOfCode(wanted))
}

/** Whether a typed code has this hash; how long it takes tells nothing. */
export function isHashOf(given: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOfCode(given), 'hex'), Buffer.from(hash, 'hex'))
}
