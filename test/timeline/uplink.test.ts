import { uplinkSuite } from "../contract/uplink-suite.ts";
import { EmbeddedRigBroker } from "../support/uplink-rig.ts";

uplinkSuite("the uplink through the embedded broker", () => new EmbeddedRigBroker());
