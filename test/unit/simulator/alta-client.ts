import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'

/** Calls the management API with a session cookie, as the tests need it. */
export interface AltaClient {
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
}

/** Logs in and calls; throws when the login is refused. */
export async function login(
  server: AltaServerHandle,
  name = 'admin',
  password = 'admin',
): Promise<AltaClient> {
  const headers = { 'Content-Type': 'application/json' }
  const answer = await fetch(`${server.baseUrl}/api/login`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ login: name, password }),
  })
  if (answer.status !== 204) throw new Error(`login answered ${answer.status}`)
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return {
    async call(method, path, body) {
      const response = await fetch(server.baseUrl + path, {
        method,
        headers: { ...headers, cookie },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
    },
  }
}
