import { describe, expect, it } from 'vitest'
import { apiOperations } from '../../../../renderer/features/settings/api-operations.ts'

describe('the list of API operations', () => {
  it('reads method, path, parameters, body and answers', () => {
    const schema = { type: 'object' }
    const operation = {
      tags: ['Cameras'],
      summary: 'Import a receiver',
      parameters: [{ name: 'id', in: 'path', required: true }],
      requestBody: { content: { 'application/json': { schema } } },
      responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    }
    expect(
      apiOperations({ paths: { '/cameras/{id}': { post: operation, summary: 'no operation' } } }),
    ).toEqual([
      {
        id: 'post /cameras/{id}',
        method: 'POST',
        path: '/cameras/{id}',
        summary: 'Import a receiver',
        description: '',
        tag: 'Cameras',
        body: schema,
        parameters: [{ name: 'id', in: 'path', required: true }],
        answers: [{ status: '200', description: 'OK', schema }],
      },
    ])
  })

  it.each([null, undefined, 'text', { paths: null }, { paths: { '/x': null } }])(
    'is empty for %j',
    (document) => {
      expect(apiOperations(document)).toEqual([])
    },
  )
})
