/** What an `If-Match` asks for: any state, or one of these entity tags (with their quotes). */
export type IfMatch = 'any' | readonly string[]

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/

/**
 * Reads `If-Match` (RFC 9110, 13.1.1): `*`, or entity tags with commas between them, of which empty ones count for nothing and
 * a tag may hold commas itself. `"*"` alone is how WHIP and WHEP write "any" (RFC 9725, 4.3.3). Undefined when it is malformed.
 */
export function parseIfMatch(header: string): IfMatch | undefined {
  if (header.trim() === '*' || header.trim() === '"*"') return 'any'
  const tags: string[] = []
  let rest = header.trim()
  while (rest !== '') {
    const tag = ENTITY_TAG.exec(rest)?.[0]
    if (tag !== undefined) tags.push(tag)
    const after = rest.slice(tag?.length ?? 0).trimStart()
    if (after !== '' && !after.startsWith(',')) return undefined
    rest = after.slice(1).trimStart()
  }
  return tags.length > 0 ? tags : undefined
}

/** Whether a state with this strong entity tag is meant; weak tags never match (strong comparison). */
export function matches(asked: IfMatch, etag: string): boolean {
  return asked === 'any' || asked.includes(etag)
}
