/** What a three-phase meter shows of the feeder it sits on. */

import { chance } from "../world/chance.ts";
import {
  frequencyAt,
  type Phase,
  type PhaseIndex,
  phaseOf,
  powerFactorOf,
} from "../world/electricity.ts";
import { isPowered, type World } from "../world/state.ts";
import { bare, inUnit, type Observed, type Observer } from "./observed.ts";

interface Terminals {
  readonly world: World;
  readonly position: number;
  readonly key: number;
  readonly activeW: number;
  readonly reactiveVar: number;
  readonly powerFactor: number;
  readonly phases: readonly [Phase, Phase, Phase];
}

export function observeElectricityMeter(world: World, feeder: string): Observer {
  const terminals = terminalsOf(world, feeder);
  if (terminals === undefined) return () => undefined;
  return (point) => {
    const phase = /^(.+)_l([123])$/.exec(point);
    const [, quantity, number] = phase ?? [];
    if (quantity === undefined) return whole(terminals, point);
    const index = Number(number) - 1;
    return terminals.phases[index] && ofPhase(terminals, terminals.phases[index], index, quantity);
  };
}

function terminalsOf(world: World, feeder: string): Terminals | undefined {
  const position = world.plan.feederPositions.get(feeder) ?? -1;
  const planned = world.plan.feeders[position];
  const flow = world.flows[position];
  if (planned === undefined || flow === undefined) return undefined;
  const { building } = planned.feeder;
  const live = building === undefined || isPowered(world, building);
  const phase = (i: PhaseIndex): Phase => phaseOf(world.seed, planned, flow, i, world.now, live);
  return {
    world,
    position,
    key: planned.key,
    activeW: flow.activeW,
    reactiveVar: flow.reactiveVar,
    powerFactor: powerFactorOf(flow),
    phases: [phase(0), phase(1), phase(2)],
  };
}

function ofPhase(
  terminals: Terminals,
  phase: Phase,
  index: number,
  quantity: string,
): Observed | undefined {
  const { world, position, key } = terminals;
  const share = world.plan.feeders[position]?.feeder.phases[index] ?? 1 / 3;
  switch (quantity) {
    case "voltage":
      return inUnit(phase.voltageV, "V");
    case "current":
      return inUnit(phase.currentA, "A");
    case "power_active":
      return inUnit(phase.activeW, "W");
    case "power_reactive":
      return inUnit(phase.reactiveVar, "var");
    case "power_apparent":
      return inUnit(phase.apparentVa, "V.A");
    case "power_factor":
      return bare(phase.powerFactor);
    case "phase_angle":
      return inUnit((Math.acos(Math.min(1, phase.powerFactor)) * 180) / Math.PI, "deg");
    case "energy_import":
    case "energy_total":
      return inUnit((world.registers.energyKwh[position] ?? 0) * share, "kW.h");
    case "energy_reactive_import":
    case "energy_reactive_total":
      return inUnit((world.registers.reactiveKvarh[position] ?? 0) * share, "kvar.h");
    case "energy_export":
      return inUnit(0, "kW.h");
    case "energy_reactive_export":
      return inUnit(0, "kvar.h");
    case "frequency":
      return inUnit(frequencyAt(world.seed, world.now), "Hz");
    case "thd_voltage":
      return inUnit(1.4 + chance(world.seed, key + index, world.now / 60_000) * 0.6, "%");
    case "thd_current":
      return inUnit(7 + chance(world.seed, key - index, world.now / 60_000) * 4, "%");
    default:
      return undefined;
  }
}

const mean = (phases: readonly Phase[], of: (phase: Phase) => number): number =>
  sum(phases, of) / phases.length;
const sum = (phases: readonly Phase[], of: (phase: Phase) => number): number =>
  phases.reduce((total, phase) => total + of(phase), 0);

/** Line voltage from two phase voltages 120° apart. */
const between = (a: Phase, b: Phase): number =>
  Math.sqrt(a.voltageV ** 2 + b.voltageV ** 2 + a.voltageV * b.voltageV);

function whole(terminals: Terminals, point: string): Observed | undefined {
  return energyOf(terminals, point) ?? powerOf(terminals, point) ?? mainsOf(terminals, point);
}

function energyOf({ world, position }: Terminals, point: string): Observed | undefined {
  const energy = world.registers.energyKwh[position] ?? 0;
  const reactive = world.registers.reactiveKvarh[position] ?? 0;
  switch (point) {
    case "energy_import":
    case "energy_total":
    case "energy_net":
      return inUnit(energy, "kW.h");
    case "energy_export":
      return inUnit(0, "kW.h");
    case "energy_reactive_import":
    case "energy_reactive_total":
      return inUnit(reactive, "kvar.h");
    case "energy_reactive_export":
      return inUnit(0, "kvar.h");
    case "energy_apparent":
    case "energy_apparent_import":
      return inUnit(Math.hypot(energy, reactive), "kV.A.h");
    case "charge":
      return bare((Math.hypot(energy, reactive) * 1_000) / 230);
    default:
      return undefined;
  }
}

function powerOf(terminals: Terminals, point: string): Observed | undefined {
  const { world, position, activeW, reactiveVar } = terminals;
  switch (point) {
    case "power_active":
    case "power_import":
      return inUnit(activeW, "W");
    case "power_export":
      return inUnit(0, "W");
    case "power_reactive":
      return inUnit(reactiveVar, "var");
    case "power_apparent":
      return inUnit(Math.hypot(activeW, reactiveVar), "V.A");
    case "power_factor":
      return bare(terminals.powerFactor);
    case "phase_angle":
      return inUnit((Math.acos(Math.min(1, terminals.powerFactor)) * 180) / Math.PI, "deg");
    case "power_demand":
      return inUnit(world.demandW[position] ?? 0, "W");
    case "power_demand_max":
      return inUnit(world.demandMaxW[position] ?? 0, "W");
    default:
      return undefined;
  }
}

function mainsOf({ world, phases }: Terminals, point: string): Observed | undefined {
  const [a, b, c] = phases;
  switch (point) {
    case "voltage_avg":
      return inUnit(
        mean(phases, (p) => p.voltageV),
        "V",
      );
    case "voltage_l1_l2":
      return inUnit(between(a, b), "V");
    case "voltage_l2_l3":
      return inUnit(between(b, c), "V");
    case "voltage_l3_l1":
      return inUnit(between(c, a), "V");
    case "voltage_ll_avg":
      return inUnit((between(a, b) + between(b, c) + between(c, a)) / 3, "V");
    case "current_avg":
      return inUnit(
        mean(phases, (p) => p.currentA),
        "A",
      );
    case "current_sum":
      return inUnit(
        sum(phases, (p) => p.currentA),
        "A",
      );
    case "current_neutral":
      return inUnit(Math.abs(a.currentA - (b.currentA + c.currentA) / 2), "A");
    case "frequency":
      return inUnit(frequencyAt(world.seed, world.now), "Hz");
    case "thd_voltage_avg":
      return inUnit(1.7, "%");
    default:
      return undefined;
  }
}
