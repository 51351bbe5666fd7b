import type { BrowserContext } from '@playwright/test'

/** Browsers log every answer of 4xx; these are part of an ordinary day. */
const alwaysExpected = [
  // A stranger's page asks whether its cookie still opens the desk.
  /^console: .*401 .*\/api\/auth\/refresh$/,
  // A desk on the LAN over plain HTTP is no secure context, and sends the header all the same.
  /^console: The Cross-Origin-Opener-Policy header has been ignored/,
  // A WHEP session is deleted that Alta has ended by itself: the DTLS close is often quicker than the request.
  /^console: .*404 .*\/whep\/[0-9a-f-]{36}$/,
]

/** What pages of a test complained about: console errors, uncaught errors and answers of 5xx. */
export class ConsoleWatch {
  readonly #seen: string[] = []
  readonly #urls: string[] = []
  readonly #expected: RegExp[] = [...alwaysExpected]

  /** Listens to all pages of a context, also to those that are opened later. */
  attach(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error') this.#note(`console: ${message.text()}`, message.location().url)
    })
    context.on('weberror', (problem) =>
      this.#note(`page: ${problem.error().stack ?? problem.error().message}`),
    )
    context.on('request', (request) => this.#urls.push(request.url()))
    context.on('response', (response) => {
      if (response.status() >= 500) {
        this.#note(`answer: ${response.status()} ${response.request().method()}`, response.url())
      }
    })
  }

  /** From now on (and before) complaints that match are part of what the test does. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns)
  }

  /** Addresses that the pages asked for. */
  requestedUrls(): readonly string[] {
    return this.#urls
  }

  /** Complaints that no pattern expects. */
  unexpected(): string[] {
    return this.#seen.filter((line) => !this.#expected.some((pattern) => pattern.test(line)))
  }

  /** Addresses are written without their query: it holds tickets. */
  #note(line: string, url = ''): void {
    this.#seen.push(`${line} ${url.split('?')[0]}`.trimEnd())
  }
}
