/** The texts about Links that ended without their tab. */
export const words = {
  yourBank: "your bank",
  connected: (bank: string) => `We finished connecting ${bank}`,
  alreadyConnected: (bank: string) => `${bank} was connected already`,
  reconnected: (bank: string) => `We finished reconnecting ${bank}`,
  notConnected: (bank: string) => `We could not connect ${bank}`,
  notReconnected: (bank: string) => `We could not reconnect ${bank}`,
  notReceived: (bank: string) =>
    `You finished at ${bank}, but we never received it. Connect it again.`,
  tooLate: (bank: string) =>
    `You finished at ${bank}, but we received it too late. Connect it again.`,
  someRoom: (room: number) =>
    `It has more accounts than your plan has room for. Nothing was saved. Connect it again and choose ${
      room === 1 ? "the one to connect" : `up to ${room} of them`
    }.`,
};
