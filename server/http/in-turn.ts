import type { Request, RequestHandler, Response } from "express";

/** A look at a request that waits for nothing. @throws the `FiscilityError` that the request is refused with */
export type Step = (req: Request, res: Response) => void;

/** Takes the steps in one layer of Express: a layer takes as long as most of them do. */
export const inTurn =
  (...steps: Step[]): RequestHandler =>
  (req, res, next) => {
    for (const step of steps) step(req, res);
    next();
  };
