/** A thread for the test beside it: answers, fails in three ways, ends. */
import { LamplighterError } from "../../../../../../core/errors.ts";
import {
  answerCalls,
  Transferred,
} from "../../../../../../server/store/embedded/threads/worker-call.ts";

const calls = {
  double: (bytes: Uint8Array<ArrayBuffer>) => {
    const doubled = bytes.map((byte) => byte * 2);
    return new Transferred(doubled, [doubled.buffer]);
  },
  refuse: (_: undefined) => {
    throw new LamplighterError("NOT_FOUND", "It is not here.", { fields: { where: "here" } });
  },
  full: (_: undefined) => {
    throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
  },
  hang: (_: undefined) => new Promise(() => {}),
  end: (_: undefined) => process.exit(3),
};

export interface EchoCalls {
  readonly [name: string]: (argument: never) => unknown;
  readonly double: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  readonly refuse: (_: undefined) => void;
  readonly full: (_: undefined) => void;
  readonly hang: (_: undefined) => void;
  readonly end: (_: undefined) => void;
}

answerCalls(calls);
