/** Copies `text`; false where the browser keeps the clipboard from this page (plain HTTP from another machine). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch (_refused) {
    // Also where there is no clipboard at all: the person marks the text by hand.
    return false
  }
}
