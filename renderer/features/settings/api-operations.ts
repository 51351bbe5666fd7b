/** One operation of the API, as its page lists it. */
export interface ApiOperation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly tag: string
  readonly body: unknown
  readonly parameters: readonly { name: string; in: string; required: boolean }[]
  readonly answers: readonly { status: string; description: string; schema: unknown }[]
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Reads the operations out of an OpenAPI 3.1 document; what it does not understand it leaves out. */
export function apiOperations(document: unknown): ApiOperation[] {
  const paths = record(record(document).paths)
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(record(item))
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => readOperation(method, path, record(operation))),
  )
}

function readOperation(method: string, path: string, operation: Record<string, unknown>): ApiOperation {
  const tags = Array.isArray(operation.tags) ? operation.tags : []
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.map(record) : []
  return {
    id: `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    summary: text(operation.summary),
    description: text(operation.description),
    tag: text(tags[0]) || 'Other',
    body: jsonSchema(operation.requestBody),
    parameters: parameters.map((parameter) => {
      return { name: text(parameter.name), in: text(parameter.in), required: parameter.required === true }
    }),
    answers: Object.entries(record(operation.responses)).map(([status, answer]) => {
      return { status, description: text(record(answer).description), schema: jsonSchema(answer) }
    }),
  }
}

/** The schema of the first content type that a body or an answer has, or null. */
function jsonSchema(holder: unknown): unknown {
  const [content] = Object.values(record(record(holder).content))
  return record(content).schema ?? null
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
