import type { Invite } from '../../../shared/contract/invites.ts'

/** The code in groups of four, as one reads it out; the desk takes it with and without the hyphens. */
export function spacedCode(code: string): string {
  return code.match(/.{1,4}/g)?.join('-') ?? code
}

/** 1 of 5, or 3, any number where it has no limit. */
export function usesLeft({ uses, maxUses }: Pick<Invite, 'uses' | 'maxUses'>): string {
  return maxUses === null ? `${uses}, no limit` : `${uses} of ${maxUses}`
}

/** A whole number in a range, null for an empty text, undefined for anything else. */
export function wholeNumber(text: string, smallest: number, largest: number): number | null | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return null
  const value = /^\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN
  return value >= smallest && value <= largest ? value : undefined
}
