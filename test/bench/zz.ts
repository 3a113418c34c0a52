import { componentCosts } from "./prediction/costs.ts"

console.log(componentCosts())
