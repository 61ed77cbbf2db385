// Everything that the pages ask of the server. Addresses are relative to <base href>.

export type Params = Record<string, string | number | boolean | null | undefined | readonly string[]>

/** What the server refused, or that it could not be reached (code `offline`). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly sentence: string,
    readonly next: string | null,
  ) {
    super(sentence)
  }
}

let token = ''

/** Keeps the token of `api/session`; writes carry it. */
export function useToken(csrf: string): void {
  token = csrf
}

/** Makes `api/instances?hub=a&hub=b`: lists repeat their name; null, undefined and '' are left out. */
export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') query.append(name, String(one))
    }
  }
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** The address of a hub's part: `api/hubs/orders@local/why`. */
export function ofHub(hub: string, part = ''): string {
  return `api/hubs/${encodeURIComponent(hub)}${part && `/${part}`}`
}

const OLD_TOKEN = 'DH126' // as of a monitor that has been started anew since

async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  try {
    return await once<T>(method, path, body, signal)
  } catch (problem) {
    if (method === 'GET' || !(problem instanceof ApiError) || problem.code !== OLD_TOKEN) throw problem
    useToken((await once<{ csrf: string }>('GET', 'api/session', undefined, signal)).csrf)
    return once<T>(method, path, body, signal) // nothing was done the first time
  }
}

async function once<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-Durahub-Csrf'] = token
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  let answer: Response
  try {
    const text = body === undefined ? null : JSON.stringify(body)
    answer = await fetch(path, { method, headers, body: text, signal: signal ?? null, credentials: 'same-origin' })
  } catch (problem) {
    if (isAbort(problem)) throw problem
    throw new ApiError(0, 'offline', 'The monitor does not answer. It may have been stopped.', null)
  }
  if (!answer.ok) throw await refusal(answer)
  if (answer.status === 204) return undefined as T
  return (await answer.json()) as T
}

async function refusal(answer: Response): Promise<ApiError> {
  try {
    const said = (await answer.json()) as { code?: string; sentence?: string; next?: string | null }
    const sentence = said.sentence ?? `The monitor answered ${answer.status}.`
    return new ApiError(answer.status, said.code ?? String(answer.status), sentence, said.next ?? null)
  } catch {
    return new ApiError(answer.status, String(answer.status), `The monitor answered ${answer.status}.`, null)
  }
}

/** Whether this is only a request that was given up because its page was left. */
export function isAbort(problem: unknown): boolean {
  return problem instanceof DOMException && problem.name === 'AbortError'
}

/** Any failure as an ApiError, to be shown by ErrorNote. */
export function asError(problem: unknown): ApiError {
  if (problem instanceof ApiError) return problem
  return new ApiError(0, 'page', problem instanceof Error ? problem.message : String(problem), null)
}

export const get = <T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> =>
  send<T>('GET', address(path, params), undefined, signal)
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> =>
  send<T>('POST', path, body, signal)
export const put = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
  send<T>('PUT', path, body, signal)
export const remove = <T>(path: string, signal?: AbortSignal): Promise<T> => send<T>('DELETE', path, undefined, signal)
