/** @module The dashboard's public surface. */
export { type Dashboard, type DashboardOptions, dashboardHandler } from './dashboard.js';
