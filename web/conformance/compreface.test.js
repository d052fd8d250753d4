// Drives a real gateway with CompreFace's own JavaScript SDK, as its users do, and
// asserts every field of the answers. cmd/facegate/conformance_test.go starts the
// server and runs this in the folder of the test photos, with FACEGATE_URL and
// FACEGATE_KEY.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { CompreFace } from '@exadel/compreface-js-sdk'

const { protocol, hostname, port } = new URL(process.env.FACEGATE_URL)
const key = process.env.FACEGATE_KEY
const base = `${process.env.FACEGATE_URL}/api/v1`
const service = (options = {}) => new CompreFace(`${protocol}//${hostname}`, port, options)
const recognition = service().initFaceRecognitionService(key)
const verification = service().initFaceVerificationService(key)
const detection = service().initFaceDetectionService(key)
// The functions of a collection write into one address; the SDK wants a new one a call.
const faces = () => recognition.getFaceCollection()
const subjects = () => recognition.getSubjects()

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const obama = './people/obama/obama.jpg'
const obama2 = './people/obama/obama2.jpg'
const rose = './people/rose_leslie/img1.jpg'
const kit = './people/kit_harington/john1.jpeg'
const both = './probes/kit_with_rose.jpg' // two faces
const ids = {}
let log

before(() => { log = console.log; console.log = () => {} }) // the SDK prints keys
after(() => { console.log = log })

// has asserts that an object has these members and no others.
function has(object, ...members) {
  assert.deepEqual(Object.keys(object).sort(), members.sort(), JSON.stringify(object).slice(0, 300))
}

function isFace(face, { landmarks = false, embedding = false, status = false } = {}, ...members) {
  if (landmarks) members.push('landmarks')
  if (embedding) members.push('embedding')
  if (status) members.push('execution_time')
  has(face, 'box', ...members)
  has(face.box, 'probability', 'x_max', 'y_max', 'x_min', 'y_min')
  for (const side of ['x_max', 'y_max', 'x_min', 'y_min']) assert.ok(Number.isInteger(face.box[side]) && face.box[side] >= 0)
  assert.ok(face.box.x_min < face.box.x_max && face.box.y_min < face.box.y_max)
  assert.ok(face.box.probability > 0.5 && face.box.probability <= 1)
  if (landmarks) {
    assert.equal(face.landmarks.length, 5)
    for (const point of face.landmarks) assert.ok(point.length === 2 && point.every(Number.isInteger))
  }
  if (embedding) {
    assert.equal(face.embedding.length, 128)
    assert.ok(face.embedding.every(Number.isFinite))
  }
  if (status) {
    has(face.execution_time, 'detector', 'calculator')
    assert.ok(face.execution_time.detector > 0 && face.execution_time.calculator > 0)
  }
}

function isSimilarity(similarity, least, most) {
  assert.ok(similarity >= least && similarity <= most, `similarity ${similarity}`)
  assert.equal(similarity, Number(similarity.toFixed(5)))
}

function isVersions(versions) {
  has(versions, 'detector', 'calculator')
  assert.ok(versions.detector && versions.calculator)
}

// fails asserts how a call is refused.
async function fails(promise, status, code, message) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.response?.status, status, `${error}: ${JSON.stringify(error.response?.data)}`)
    has(error.response.data, 'message', 'code')
    assert.equal(error.response.data.code, code)
    if (message) assert.equal(error.response.data.message, message)
    return true
  })
}

test('subjects are added and listed', async () => {
  assert.deepEqual(await subjects().add('Rose Leslie'), { subject: 'Rose Leslie' })
  await fails(subjects().add('Rose Leslie'), 400, 43, 'Subject already exists')
  await fails(subjects().add('a/b'), 400, 36)
  assert.deepEqual(await subjects().list(), { subjects: ['Rose Leslie'] })
})

test('faces are added: a file, base64, and a URL that the client fetches', async () => {
  const added = await faces().add(rose, 'Rose Leslie', { det_prob_threshold: 0.8 })
  has(added, 'image_id', 'subject')
  assert.match(added.image_id, uuid)
  assert.equal(added.subject, 'Rose Leslie')
  ids.rose = added.image_id

  const base64 = await faces().add(readFileSync(obama).toString('base64'), 'Barack Obama')
  has(base64, 'image_id', 'subject')
  ids.obama = base64.image_id

  const photos = createServer((_, answer) => answer.setHeader('content-type', 'image/jpeg').end(readFileSync(obama2))).listen(0, '127.0.0.1')
  try {
    await new Promise((listening) => photos.once('listening', listening))
    const fetched = await faces().add(`http://127.0.0.1:${photos.address().port}/obama.jpg`, 'Barack Obama', { det_prob_threshold: 0.5 })
    assert.equal(fetched.subject, 'Barack Obama')
    ids.obama2 = fetched.image_id
  } finally {
    photos.close()
  }
  ids.kit = (await faces().add(kit, 'Jon Snow', {})).image_id
  assert.equal(new Set(Object.values(ids)).size, 4)
  assert.deepEqual(await faces().add(kit, 'Jon Snow', {}), { image_id: ids.kit, subject: 'Jon Snow' }) // again
  await fails(faces().add(both, 'Jon Snow', {}), 400, 31, 'More than one face in the source image')
})

test('faces are listed', async () => {
  assert.deepEqual(await faces().list(), {
    faces: [
      { image_id: ids.rose, subject: 'Rose Leslie' },
      { image_id: ids.obama, subject: 'Barack Obama' },
      { image_id: ids.obama2, subject: 'Barack Obama' },
      { image_id: ids.kit, subject: 'Jon Snow' },
    ],
    page_number: 0, page_size: 20, total_pages: 1, total_elements: 4,
  })
})

test('faces are recognized', async () => {
  const answer = await recognition.recognize(both, {})
  has(answer, 'result')
  assert.equal(answer.result.length, 2)
  const size = ({ box }) => (box.x_max - box.x_min) * (box.y_max - box.y_min)
  assert.ok(size(answer.result[0]) >= size(answer.result[1]), 'the largest first')
  for (const face of answer.result) {
    isFace(face, {}, 'subjects')
    assert.equal(face.subjects.length, 1)
    has(face.subjects[0], 'subject', 'similarity')
    isSimilarity(face.subjects[0].similarity, 0.9, 1)
  }
  assert.deepEqual(new Set(answer.result.map((face) => face.subjects[0].subject)), new Set(['Rose Leslie', 'Jon Snow']))
})

test('faces are recognized with plugins and options', async () => {
  const asked = { limit: 1, det_prob_threshold: 0.6, prediction_count: 3, face_plugins: 'landmarks,calculator,age,gender', status: true }
  const answer = await recognition.recognize(both, asked)
  has(answer, 'result', 'plugins_versions')
  isVersions(answer.plugins_versions)
  assert.equal(answer.result.length, 1)
  const [face] = answer.result
  isFace(face, { landmarks: true, embedding: true, status: true }, 'subjects')
  assert.equal(face.subjects.length, 3)
  face.subjects.forEach((subject, i) => {
    has(subject, 'subject', 'similarity')
    isSimilarity(subject.similarity, 0, i === 0 ? 1 : face.subjects[i - 1].similarity)
  })
  assert.equal(new Set(face.subjects.map((s) => s.subject)).size, 3)
  ids.embedding = face.embedding
  ids.name = face.subjects[0].subject

  // The same, as options of the service, and without a limit: the SDK then begins
  // each of the others with a question mark.
  const global = service({ det_prob_threshold: 0.6, prediction_count: 2, face_plugins: 'landmarks', status: 'true' })
  const again = await global.initFaceRecognitionService(key).getFaceCollection().verify(both, ids.rose, {})
  has(again, 'result', 'plugins_versions')
  assert.equal(again.result.length, 2)
  for (const face of again.result) isFace(face, { landmarks: true, status: true }, 'subject', 'similarity')

  await fails(recognition.recognize(both, { det_prob_threshold: 1 }), 400, 28, 'No face is found in the given image')
})

test('faces are verified against an enrolled one', async () => {
  const answer = await faces().verify(both, ids.rose, { det_prob_threshold: 0.8, status: true })
  has(answer, 'result', 'plugins_versions')
  isVersions(answer.plugins_versions)
  assert.equal(answer.result.length, 2)
  for (const face of answer.result) {
    isFace(face, { status: true }, 'subject', 'similarity')
    assert.equal(face.subject, 'Rose Leslie')
  }
  const similar = answer.result.map((face) => face.similarity).sort()
  isSimilarity(similar[1], 0.9, 1)
  isSimilarity(similar[0], 0, 0.1)
  await fails(faces().verify(both, 'none', {}), 404, 44, 'Image none not found')
})

test('two photos are verified', async () => {
  const answer = await verification.verify(rose, both, { limit: 0, face_plugins: 'calculator', status: true })
  has(answer, 'result')
  assert.equal(answer.result.length, 1)
  const [result] = answer.result
  has(result, 'source_image_face', 'face_matches', 'plugins_versions')
  isVersions(result.plugins_versions)
  isFace(result.source_image_face, { embedding: true, status: true })
  assert.equal(result.face_matches.length, 2)
  for (const face of result.face_matches) isFace(face, { embedding: true, status: true }, 'similarity')
  assert.ok(Math.max(...result.face_matches.map((face) => face.similarity)) > 0.9)

  const base64 = await verification.verify(readFileSync(obama).toString('base64'), readFileSync(obama2).toString('base64'), {})
  has(base64.result[0], 'source_image_face', 'face_matches')
  isFace(base64.result[0].face_matches[0], {}, 'similarity')
  isSimilarity(base64.result[0].face_matches[0].similarity, 0.5, 1)
  await fails(verification.verify(both, rose, {}), 400, 31, 'More than one face in the source image')
})

test('faces are detected', async () => {
  const answer = await detection.detect(both, { limit: 1, det_prob_threshold: 0.5, face_plugins: 'landmarks,calculator', status: true })
  has(answer, 'result', 'plugins_versions')
  isVersions(answer.plugins_versions)
  assert.equal(answer.result.length, 1)
  isFace(answer.result[0], { landmarks: true, embedding: true, status: true })
  const plain = await detection.detect(both, {})
  has(plain, 'result')
  assert.equal(plain.result.length, 2)
  for (const face of plain.result) isFace(face)
})

// The SDK knows no calls for embeddings: these are asked as its other calls are.
test('embeddings are recognized and verified', async () => {
  const post = async (path, body) => {
    const answer = await fetch(`${base}/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'x-api-key': key } })
    return { status: answer.status, data: await answer.json() }
  }
  const { status, data } = await post('recognition/embeddings/recognize?prediction_count=2', { embeddings: [ids.embedding] })
  assert.equal(status, 200)
  has(data, 'result')
  has(data.result[0], 'embedding', 'similarities')
  assert.deepEqual(data.result[0].embedding, ids.embedding)
  assert.equal(data.result[0].similarities.length, 2)
  has(data.result[0].similarities[0], 'subject', 'similarity')
  assert.equal(data.result[0].similarities[0].subject, ids.name)
  isSimilarity(data.result[0].similarities[0].similarity, 0.9, 1)

  const id = ids.name === 'Jon Snow' ? ids.kit : ids.rose
  for (const { status, data } of [
    await post(`recognition/embeddings/faces/${id}/verify`, { embeddings: [ids.embedding] }),
    await post('verification/embeddings/verify', { source: ids.embedding, targets: [ids.embedding] }),
  ]) {
    assert.equal(status, 200)
    has(data, 'result')
    assert.equal(data.result.length, 1)
    has(data.result[0], 'embedding', 'similarity')
    assert.deepEqual(data.result[0].embedding, ids.embedding)
    isSimilarity(data.result[0].similarity, 0.9, 1)
  }
  assert.deepEqual((await post('verification/embeddings/verify', { source: [1], targets: [ids.embedding] })).data.code, 37)
})

test('pictures are served', async () => {
  for (const [address, headers] of [[`${base}/recognition/faces/${ids.rose}/img`, { 'x-api-key': key }], [`${base}/static/${key}/images/${ids.rose}`, {}]]) {
    const answer = await fetch(address, { headers })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'image/jpeg')
    assert.ok((await answer.arrayBuffer()).byteLength > 1000)
  }
})

test('subjects are renamed and merged', async () => {
  assert.deepEqual(await subjects().rename('Jon Snow', 'Kit Harington'), { updated: true })
  assert.deepEqual(await subjects().rename('Kit Harington', 'Kit Harington'), { updated: false })
  await fails(subjects().rename('Jon Snow', 'Somebody'), 404, 42, 'Subject Jon Snow not found')
  assert.deepEqual(await subjects().rename('Kit Harington', 'Barack Obama'), { updated: true }) // who is there
  assert.deepEqual(await subjects().list(), { subjects: ['Barack Obama', 'Rose Leslie'] })
  const { faces: listed } = await faces().list()
  assert.deepEqual(listed.filter((face) => face.subject === 'Barack Obama').map((face) => face.image_id).sort(), [ids.obama, ids.obama2, ids.kit].sort())
})

test('faces and subjects are deleted', async () => {
  assert.deepEqual(await faces().delete(ids.kit), { image_id: ids.kit, subject: 'Barack Obama' })
  await fails(faces().delete(ids.kit), 404, 44, `Image ${ids.kit} not found`)
  assert.deepEqual(await faces().delete_multiple_images([ids.obama, ids.kit]), [{ image_id: ids.obama, subject: 'Barack Obama' }])
  assert.deepEqual(await faces().delete_all_subject('Barack Obama'), { deleted: 1 })
  assert.deepEqual(await faces().delete_all(), { deleted: 1 })
  assert.deepEqual(await faces().list(), { faces: [], page_number: 0, page_size: 20, total_pages: 0, total_elements: 0 })
  assert.deepEqual(await subjects().delete('Barack Obama'), { subject: 'Barack Obama' })
  await fails(subjects().delete(''), 400, 35) // nobody is not everybody
  assert.deepEqual(await subjects().deleteAll(), { deleted: 1 })
  assert.deepEqual(await subjects().list(), { subjects: [] })
})

test('keys are asked for', async () => {
  const collection = (key) => service().initFaceRecognitionService(key).getFaceCollection()
  await fails(collection('secret').list(), 400, 26, 'Service API key should be UUID')
  await fails(collection('0197c7a2-4b1e-4c44-9d0b-3f6a1c2d4e5f').list(), 404, 10)
  await fails(collection('').list(), 400, 20, 'Missing header: x-api-key')
})
