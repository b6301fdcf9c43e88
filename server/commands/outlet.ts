/** The way a command leaves the server and its answers come back; `ingest/` has the real one. */
import type { CommandMessage, CommandReply } from "../../core/command.ts";
import type { GatewayId } from "../../core/ids.ts";

export interface CommandOutlet {
  /** `sent` when the broker has taken it for a gateway that is online; nothing is kept when it is not. */
  send(gateway: GatewayId, message: CommandMessage): Promise<"sent" | "offline">;
  onReply(listener: (gateway: GatewayId, reply: CommandReply) => void): void;
}
