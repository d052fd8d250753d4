import { describe, expect, test } from 'vitest'
import { curl, groups, inside, kind, merged, resolve, sample, search, type Description } from './openapi'

const doc: Description = {
  info: { title: 't', version: '1' },
  tags: [{ name: 'people', description: 'Who is enrolled.' }, { name: 'unused' }],
  paths: {
    '/v1/people': {
      post: {
        tags: ['people'],
        operationId: 'createPerson',
        summary: 'Enrol',
        requestBody: { required: true, content: { 'multipart/form-data': { schema: { $ref: '#/components/schemas/Form' } }, 'application/json': { schema: { type: 'object' } } } },
        responses: { '201': { description: 'Done.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Person' } } } }, '409': { $ref: '#/components/responses/Conflict' } },
        'x-scopes': ['enroll'],
      },
    },
    '/v1/people/{id}': {
      parameters: [{ $ref: '#/components/parameters/ID' } as never],
      patch: { tags: ['people'], operationId: 'rename', requestBody: { content: { 'application/json': { schema: {}, example: { name: "O'Neill" } } } }, responses: {}, 'x-scopes': ['enroll'] },
      get: { operationId: 'picture', parameters: [{ name: 'size', in: 'query', required: true, schema: { type: 'integer' } }], responses: { '200': { content: { 'image/jpeg': { schema: { type: 'string', format: 'binary' } } } } } },
    },
  },
  components: {
    parameters: { ID: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
    responses: { Conflict: { description: 'Taken (`name_taken`), or `nothing`.' } },
    schemas: {
      Form: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1, maxLength: 100 }, photo: { type: 'array', items: { type: 'string', format: 'binary' } } } },
      Person: { allOf: [{ type: 'object', required: ['id'], properties: { id: { type: 'string', format: 'uuid' } } }, { required: ['tags'], properties: { tags: { type: 'array', items: { type: 'string' } } } }] },
      Loop: { type: 'object', required: ['next'], properties: { next: { $ref: '#/components/schemas/Loop' } } },
    },
  },
  'x-codes': { name_taken: { status: 409, title: 'The name is taken' } },
}

const all = groups(doc)
const operation = (id: string) => all.flatMap((g) => g.operations).find((o) => o.id === id)!

test('operations stand under their tags, with what their path says', () => {
  expect(all.map((g) => [g.name, g.operations.map((o) => o.id)])).toEqual([['people', ['createPerson', 'rename']], ['others', ['picture']]])
  expect(operation('rename').parameters.map((p) => p.name)).toEqual(['id'])
  expect(operation('createPerson').scopes).toEqual(['enroll'])
  expect(operation('picture').scopes).toBeNull()
})

test('answers name the codes there are', () => {
  expect(operation('createPerson').answers.map((a) => [a.status, a.codes])).toEqual([['201', []], ['409', ['name_taken']]])
})

test('all words have to be there, wherever', () => {
  const found = (words: string) => search(all, words).flatMap((g) => g.operations.map((o) => o.id))
  expect(found('')).toHaveLength(3)
  expect(found(' PATCH  people ')).toEqual(['rename'])
  expect(found('name_taken')).toEqual(['createPerson'])
  expect(found('enroll')).toEqual(['createPerson', 'rename'])
  expect(found('nowhere')).toEqual([])
})

describe('kind', () => {
  test.each([
    [{ type: 'integer', minimum: 1, maximum: 500, default: 50 }, 'integer, 1 to 500, by default 50'],
    [{ type: 'string', minLength: 1, maxLength: 100 }, 'string, 1 to 100 characters'],
    [{ type: 'number', minimum: 0 }, 'number, 0 or more'],
    [{ type: 'string', enum: ['a', 'b'], nullable: true }, 'one of a, b, or null'],
    [{ type: 'array', items: { type: 'string' }, maxItems: 3 }, 'list of strings, at most 3 items'],
    [{ type: 'array', items: { $ref: '#/components/schemas/Person' } }, 'list of Person'],
    [{ type: 'string', format: 'binary' }, 'file'],
    [{ type: 'array', minItems: 128, maxItems: 128, items: { type: 'number' } }, 'list of numbers, 128 items'],
    [{}, 'any'],
  ])('%j is %s', (schema, words) => expect(kind(doc, schema)).toBe(words))
})

test('references are followed, also those that lead nowhere or round in a circle', () => {
  expect(merged(doc, { $ref: '#/components/schemas/Person' }).required).toEqual(['id', 'tags'])
  expect(resolve(doc, { $ref: '#/components/schemas/None' })).toEqual({ $ref: '#/components/schemas/None' })
  expect(JSON.stringify(sample(doc, { $ref: '#/components/schemas/Loop' }))).toBe('{"next":{"next":{"next":{"next":{"next":{}}}}}}')
  expect(sample(doc, { $ref: '#/components/schemas/Person' })).toEqual({ id: '0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f', tags: ['text'] })
  expect(inside(doc, { type: 'array', items: { $ref: '#/components/schemas/Person' } })?.properties).toHaveProperty('tags')
  expect(inside(doc, { type: 'string' })).toBeNull()
})

test('curl is ready for a shell', () => {
  expect(curl(doc, operation('createPerson'), 'http://h/')).toBe(
    `curl -sS http://h/v1/people \\\n  -H "x-api-key: $FACEGATE_API_KEY" \\\n  -F name=text \\\n  -F photo=@face.jpg`,
  )
  expect(curl(doc, operation('rename'), 'http://h')).toBe(
    `curl -sS -X PATCH http://h/v1/people/ID \\\n  -H "x-api-key: $FACEGATE_API_KEY" \\\n  -H 'Content-Type: application/json' \\\n  -d '{"name":"O'\\''Neill"}'`,
  )
  expect(curl(doc, operation('picture'), 'http://h')).toBe(`curl -sS 'http://h/v1/people/ID?size=SIZE' \\\n  -o picture`)
})
