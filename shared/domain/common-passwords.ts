/** So many of the commonest passwords are refused outright. */
const refusedRanks = 10_000

let loading: Promise<ReadonlySet<string>> | null = null

/**
 * Whether a password is one of the 10,000 commonest (the list of zxcvbn, by rank), whatever its case, with spaces around
 * it or in characters that only look different (NFKC). Loads the list at its first use.
 */
export async function isCommonPassword(password: string): Promise<boolean> {
  loading ??= loadRefused()
  const refused = await loading
  return refused.has(password.normalize('NFKC').trim().toLowerCase())
}

async function loadRefused(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const ranked = dictionary['passwords-common'].slice(0, refusedRanks)
  return new Set(ranked.flatMap((password) => password?.toLowerCase() ?? []))
}
