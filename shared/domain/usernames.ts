/** How long a username is, in characters. */
export const usernameLength = { shortest: 3, longest: 32 } as const

/** Whether a text, in lower case already, can be a username: 3 to 32 of a-z, 0-9, dot, underscore, hyphen. */
export function isUsername(text: string): boolean {
  const { shortest, longest } = usernameLength
  return text.length >= shortest && text.length <= longest && /^[a-z0-9._-]+$/.test(text)
}
