/** A button of a notice. */
export interface NoticeAction {
  readonly label: string
  readonly run: () => void
}

/** What is said to whoever sits at the machine where the page of the desk cannot say it. */
export interface Notice {
  readonly title: string
  readonly text: string
  /** The first one is what a person most likely wants. */
  readonly actions: readonly [NoticeAction, ...NoticeAction[]]
  /** The window was closed without any of the actions. */
  readonly onClosed: () => void
}

const actionAddress = 'alta-desk://desk/notice/'

/** The action that an address of the notice's page stands for; undefined for any other address. */
export function actionAt(url: string, { actions }: Notice): NoticeAction | undefined {
  return url.startsWith(actionAddress) ? actions[Number(url.slice(actionAddress.length))] : undefined
}

/** The page of a notice: text and links, no script, nothing that is loaded. */
export function noticePage({ title, text, actions }: Notice): string {
  const buttons = actions.map(
    ({ label }, index) => `<a href="${actionAddress}${index}">${escapeHtml(label)}</a>`,
  )
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root{color-scheme:dark light}
body{font:14px/1.45 system-ui,sans-serif;margin:24px;background:#0b0d11;color:#e6e9ef}
h1{font-size:16px;margin:0 0 8px}
p{margin:0 0 20px;overflow-wrap:anywhere}
a{display:inline-block;margin-right:8px;padding:6px 14px;border:1px solid #4b5563;border-radius:6px;color:inherit;text-decoration:none}
a:first-of-type{background:#2563eb;border-color:#2563eb;color:#fff}
a:focus-visible{outline:2px solid #93c5fd;outline-offset:2px}
</style></head><body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${buttons.join('')}</body></html>`
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
