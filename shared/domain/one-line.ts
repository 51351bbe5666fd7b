/** What begins a line, steers a terminal, turns the letters around it (Unicode Standard Annex 9), or is half a letter. */
const steering = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Whether a text shows as what it is on one line: in a list, a log, a terminal, a spreadsheet. */
export function isOneLine(text: string): boolean {
  return text.search(steering) === -1
}

/** The same text with a space for each character that it may not hold; for names that come from elsewhere. */
export function toOneLine(text: string): string {
  return text.replace(steering, ' ').trim()
}
