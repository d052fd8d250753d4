import type { Problem, Refusal } from './types'

// An ApiError is a call that failed, in words for the person at the screen.
export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer came
    readonly code: string,
    readonly detail: string,
    readonly next: string = '',
    readonly refused: Refusal[] = [],
    readonly retryAfter: number = 0, // seconds
    readonly requestId: string = '',
  ) {
    super(detail)
    this.name = 'ApiError'
  }
}

// Something else between here and the gateway (a proxy) may answer in its own words.
const plainWords: Record<number, [detail: string, next: string]> = {
  401: ['You are not signed in.', 'Sign in, then try again.'],
  403: ['You are not allowed to do this.', ''],
  404: ['There is nothing at this address.', 'Reload the page; the gateway may have been updated.'],
  413: ['The upload is too large.', 'Send fewer or smaller photos.'],
  429: ['Too many requests.', 'Wait a moment, then try again.'],
  502: ['The gateway does not answer.', 'Check that it is running, then try again.'],
  503: ['The gateway is busy.', 'Wait a moment, then try again.'],
  504: ['The gateway took too long.', 'Try again, or send a smaller photo.'],
}

// fromResponse reads the error in an answer that is not 2xx.
export async function fromResponse(response: Response): Promise<ApiError> {
  const problem = await readProblem(response)
  const [detail, next] = plainWords[response.status] ?? [`The gateway answered ${response.status}.`, 'Try again; the log may say more.']
  const known = Boolean(problem.detail)
  return new ApiError(
    response.status,
    problem.code ?? `http_${response.status}`,
    sentence(problem.detail || detail),
    sentence(problem.next ?? (known ? '' : next)),
    problem.refused ?? [],
    retryAfter(response.headers.get('Retry-After')),
    problem.request_id ?? response.headers.get('X-Request-Id') ?? '',
  )
}

// fromFailure names what kept a call from being answered at all.
export function fromFailure(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  if (cause instanceof DOMException && cause.name === 'AbortError') return new ApiError(0, 'aborted', 'The request was cancelled.')
  return new ApiError(0, 'unreachable', 'The gateway cannot be reached.', 'Check that it is running and that you are connected, then try again.')
}

// sentence gives the gateway's lower-case clauses a capital and a full stop.
export function sentence(text: string): string {
  const trimmed = text.trim()
  if (!trimmed) return ''
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? '' : '.')
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    const body: unknown = JSON.parse(await response.text())
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}

function retryAfter(header: string | null): number {
  const seconds = Number(header ?? '')
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0
}
