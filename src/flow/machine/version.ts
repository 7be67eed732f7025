/** Of the shape of `RunState` and the meaning of events. A snapshot with another is discarded. */
export const machineVersion = 4;
