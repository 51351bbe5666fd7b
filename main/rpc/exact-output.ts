import { eventIterator, getEventIteratorSchemaDetails } from '@orpc/contract'
import type { AnySchema, SchemaIssue } from '@orpc/contract'

/**
 * An output schema that refuses a field the contract does not name, where Zod would strip it. Production sends what a
 * procedure answers without a check, so a test that let Zod strip would see less than a client does. The value itself
 * is passed on unchanged; messages of an event iterator are checked one by one.
 */
export function exactOutput(schema: AnySchema): AnySchema {
  const messages = getEventIteratorSchemaDetails(schema)
  if (messages) return eventIterator(exactOutput(messages.yields), messages.returns)
  const inner = schema['~standard']
  return {
    '~standard': {
      version: 1,
      vendor: 'alta-desk',
      validate: async (value: unknown) => {
        const result = await inner.validate(value)
        if (result.issues) return result
        const issues = unnamedFields(value, result.value, [])
        return issues.length > 0 ? { issues } : { value }
      },
    },
  }
}

/** One issue for each field of `sent` that the contract, as `parsed` shows it, does not name. */
function unnamedFields(sent: unknown, parsed: unknown, path: readonly PropertyKey[]): SchemaIssue[] {
  if (Array.isArray(sent))
    return sent.flatMap((item, index) =>
      unnamedFields(item, Array.isArray(parsed) ? parsed[index] : undefined, [...path, index]),
    )
  if (!isObject(sent)) return []
  return Object.entries(sent).flatMap(([name, value]) => {
    // JSON leaves such a field out.
    if (value === undefined) return []
    const here = [...path, name]
    if (!isObject(parsed) || !Object.hasOwn(parsed, name))
      return [{ message: `The contract names no field ${here.join('.')}.`, path: here }]
    return unnamedFields(value, parsed[name], here)
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
