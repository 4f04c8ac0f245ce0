/**
 * @module CallFailure: a call that failed, with its circumstances: service, method and destination. What a handler has answered with a code of
 * its own keeps its text.
 */
import type { CallRequest, CallResult } from '../../api/ports.js';
import { requireRoute, routeText } from '../../api/routes.js';
import { RpcError } from '../../api/rpc.js';
import { type ErrorCode, isErrorCode, NetworkError } from '../../errors.js';
import { shown } from '../../schema/schema.js';

export type Failure = Extract<CallResult, { type: 'error' }>;

/** How much of a method's name a text shows. */
const NAME_MAX = 128;

/** The failure with what was called. */
export function circumstantial(request: CallRequest, failure: Failure): Failure {
  const details = { ...failure.details, ...detailsOf(request) };
  return { ...failure, text: isErrorCode(failure.code) ? `${failure.text} (${textOf(request)})` : failure.text, details };
}

/** The same as an error: the handler's own codes come as an `RpcError`, ours as a `NetworkError`. */
export function callError(request: CallRequest, failure: Failure, cause: unknown = failure.cause): NetworkError | RpcError {
  const { code, text, details = {} } = circumstantial(request, failure);
  return isErrorCode(code) ? new NetworkError(code, text, { cause, details }) : new RpcError(code, text, details);
}

/** A stream that could not be opened, with its service and destination. */
export function streamError(
  route: CallRequest['route'],
  serviceId: number,
  serviceName: string | undefined,
  failure: Failure,
): NetworkError {
  const text = `${failure.text} (stream to service ${serviceText(serviceId, serviceName)} at ${placeOf(route)})`;
  const service = serviceName === undefined ? {} : { service: serviceName };
  return new NetworkError(failure.code as ErrorCode, text, { details: { ...failure.details, serviceId, ...service, destination: route } });
}

/** What the making of a call has thrown. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof NetworkError) return { type: 'error', code: thrown.code, text: thrown.message, details: thrown.details };
  const text = thrown instanceof Error ? thrown.message : shown(thrown);
  return { type: 'error', code: 'ENGINE_FAILED', text: `the call could not be made: ${text}` };
}

function detailsOf({ route, serviceId, serviceName, method }: CallRequest): Readonly<Record<string, unknown>> {
  return { serviceId, ...(serviceName === undefined ? {} : { service: serviceName }), method, destination: route };
}

function textOf({ route, serviceId, serviceName, method }: CallRequest): string {
  const name = typeof method === 'string' ? JSON.stringify(method.slice(0, NAME_MAX)) : shown(method);
  return `method ${name} of service ${serviceText(serviceId, serviceName)} at ${placeOf(route)}`;
}

function serviceText(serviceId: number, serviceName: string | undefined): string {
  return serviceName === undefined ? shown(serviceId) : `${serviceName} (${shown(serviceId)})`;
}

function placeOf(route: CallRequest['route']): string {
  try {
    requireRoute('', route);
    return routeText(route);
  } catch {
    return 'no valid route';
  }
}
