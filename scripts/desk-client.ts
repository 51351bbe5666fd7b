/** A plain client of a running desk's HTTP API, for scripts. */
export class DeskClient {
  readonly origin: string
  #token = ''

  constructor(origin: string) {
    this.origin = origin
  }

  /** Waits until the desk that was started with `env` serves requests; `timeoutMs` bounds the wait. */
  static async whenReady(env: NodeJS.ProcessEnv, timeoutMs: number): Promise<DeskClient> {
    const client = new DeskClient(originOf(env.ALTAVMS_HTTP_ADDR ?? ':3303'))
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      const answer = await fetch(`${client.origin}/readyz`).catch(() => null)
      if (answer?.ok) return client
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`the desk did not become ready at ${client.origin}`)
  }

  async signIn(email: string, password: string): Promise<void> {
    const session = await this.post<{ accessToken: string }>('/auth/login', { email, password })
    this.#token = session.accessToken
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#send<Answer>('GET', path)
  }

  post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#send<Answer>('POST', path, body)
  }

  put<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#send<Answer>('PUT', path, body)
  }

  async #send<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${this.origin}/api${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const result = (await answer.json()) as Answer & { message?: string }
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${result.message}`)
    return result
  }
}

/** `:3303` listens everywhere; this machine reaches it as localhost. */
function originOf(address: string): string {
  const port = address.slice(address.lastIndexOf(':') + 1)
  const host = address.slice(0, address.lastIndexOf(':'))
  return `http://${host && host !== '0.0.0.0' && host !== '[::]' ? host : 'localhost'}:${port}`
}
