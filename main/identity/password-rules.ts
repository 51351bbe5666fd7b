/** What a new password must not be made of: the person's own words. */
export interface OwnWords {
  readonly email: string
  readonly displayName: string
}

const fewestDifferentCharacters = 4
const shortestOwnWord = 3
/** Passwords that every guessing list starts with, without their digits and marks. */
const commonWords = [
  'password',
  'passwort',
  'qwerty',
  'qwertz',
  'letmein',
  'welcome',
  'admin',
  'administrator',
]

/**
 * Tells why a new password is too easy to guess, in a sentence, or null where it will do. Its length (8 to 128) is
 * checked by the contract.
 */
export function weaknessOf(password: string, person: OwnWords): string | null {
  const lower = password.toLowerCase()
  if (new Set(lower).size < fewestDifferentCharacters) {
    return 'Use more different characters: this password repeats a few.'
  }
  if (isRun(lower)) return 'Do not use a run of neighbouring letters or digits.'
  const letters = lower.replace(/[^\p{L}]/gu, '')
  if (commonWords.includes(letters)) return 'This is one of the first passwords that anybody would try.'
  const own = ownWords(person).find((word) => lower.includes(word))
  if (own && lower.length - own.length < 8) return 'Do not build the password from your own name or address.'
  return null
}

function ownWords({ email, displayName }: OwnWords): string[] {
  return `${email} ${displayName}`
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length >= shortestOwnWord)
    .sort((a, b) => b.length - a.length)
}

/** `12345678`, `abcdefgh` and the same backwards. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0))
  return steps.every((step) => step === 1) || steps.every((step) => step === -1)
}
