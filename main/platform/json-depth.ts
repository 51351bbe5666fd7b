const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [34, 92, 91, 93, 123, 125]

/**
 * Whether brackets of a JSON text are nested deeper than `limit`; those in its texts do not count. Asked before parsing:
 * half a million brackets take some milliseconds to count, and some hundred to parse.
 */
export function nestsDeeper(json: string, limit: number): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at)
    if (code === backslash) at += 1
    else if (code === quote) inText = !inText
    else if (inText) continue
    else if (code === openBracket || code === openBrace) depth += 1
    else if (code === closeBracket || code === closeBrace) depth -= 1
    if (depth > limit) return true
  }
  return false
}
