const otherAlphabet = /^(?!\p{Script=Latin})\p{L}$/u

/**
 * The letter a to z of a key, whatever the case; by the place of the key where the keyboard writes another alphabet, so
 * that shortcuts work on a Russian or Greek one. Null for every other key.
 */
export function latinLetter({ key, code }: Pick<KeyboardEvent, 'key' | 'code'>): string | null {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase()
  const letter = otherAlphabet.test(key) ? /^Key([A-Z])$/.exec(code)?.[1] : undefined
  return letter?.toLowerCase() ?? null
}
