/** Which faults hold now. Scenarios, tests and the control page switch them; devices and lines ask. */
import type { Fault, FaultKind, FaultOf, FaultTarget } from "./fault.ts";

/** More than this on one target is a mistake in a scenario. */
export const FAULTS_PER_TARGET_MAX = 16;

export class FaultBoard {
  readonly #byTarget = new Map<FaultTarget, Map<FaultKind, Fault>>();
  /** Rises with every change, so that what was computed before is known to be old. */
  version = 0;

  set(target: FaultTarget, fault: Fault): boolean {
    const faults = this.#byTarget.get(target) ?? new Map<FaultKind, Fault>();
    if (faults.size >= FAULTS_PER_TARGET_MAX && !faults.has(fault.kind)) return false;
    faults.set(fault.kind, fault);
    this.#byTarget.set(target, faults);
    this.version++;
    return true;
  }

  /** One kind, or all of the target. */
  clear(target: FaultTarget, kind?: FaultKind): void {
    this.version++;
    const faults = this.#byTarget.get(target);
    if (kind !== undefined) faults?.delete(kind);
    if (kind === undefined || faults?.size === 0) this.#byTarget.delete(target);
  }

  clearAll(): void {
    this.#byTarget.clear();
    this.version++;
  }

  get<Kind extends FaultKind>(target: FaultTarget, kind: Kind): FaultOf<Kind> | undefined {
    const fault = this.#byTarget.get(target)?.get(kind);
    return fault as FaultOf<Kind> | undefined;
  }

  of(target: FaultTarget): readonly Fault[] {
    const faults = this.#byTarget.get(target);
    return faults ? [...faults.values()] : [];
  }

  list(): readonly { readonly target: FaultTarget; readonly fault: Fault }[] {
    return [...this.#byTarget].flatMap(([target, faults]) =>
      [...faults.values()].map((fault) => ({ target, fault })),
    );
  }
}
