/**
 * What a pure decision returns when failing is ordinary: a bad frame, a refused command, a wrong file.
 * I/O throws `LamplighterError`; pure code returns an `Outcome`.
 */
export type Outcome<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure };

export const success = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({
  ok: true,
  value,
});

export const failure = <Failure>(
  error: Failure,
): { readonly ok: false; readonly error: Failure } => ({
  ok: false,
  error,
});
