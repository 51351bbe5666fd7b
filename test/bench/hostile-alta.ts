// An Alta that can be added, and then answers every call with what it is told; a thread of its own, so that making and
// sending it costs the desk beside it nothing.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'

/** What every call is answered with; `tiny` sends it byte by byte. Null: answers as a small Alta does. */
export interface HostileAnswer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly tiny?: boolean
}

let hostile: HostileAnswer | null = null
let port = 0

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => (hostile ? answerHostile(response, hostile) : answerSanely(request, response)))
})
server.listen(0, '127.0.0.1', () => {
  port = (server.address() as AddressInfo).port
  parentPort?.postMessage({ port })
})
parentPort?.on('message', (answer: HostileAnswer | null) => {
  hostile = answer
  parentPort?.postMessage({ changed: true })
})

function answerHostile(response: ServerResponse, { status, body, headers, tiny }: HostileAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  if (!tiny) {
    response.end(body)
    return
  }
  response.socket?.setNoDelay(false)
  response.cork()
  for (const character of body) response.write(character)
  response.uncork()
  response.end()
}

function answerSanely({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const listener = { listen: `:${port}`, serve: 'ott', allow_origin: [] }
  const answers: Readonly<Record<string, unknown>> = {
    '/api/config': { version: '250716', servers: { ott: listener }, users: {}, receivers: {}, ott: {} },
    '/api/status': { receivers: {}, channels: {} },
    '/api/servers': listener,
  }
  const answer = answers[url.split('?', 1)[0] ?? '']
  if (method === 'GET' && answer === undefined) response.writeHead(404).end()
  else if (method === 'GET') response.end(JSON.stringify(answer))
  else response.writeHead(204, { 'set-cookie': 'auth=admin:1; Path=/api' }).end()
}
