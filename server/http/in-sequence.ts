import type { Request, RequestHandler, Response } from "express";

/** A synchronous check of a request. @throws FiscilityError to refuse the request */
export type Step = (req: Request, res: Response) => void;

/** Runs the steps in one layer of Express, because a layer takes as long as most of the steps. */
export const inSequence =
  (...steps: Step[]): RequestHandler =>
  (req, res, next) => {
    for (const step of steps) step(req, res);
    next();
  };
