/** On every dashboard of ours: one without it is somebody else's and is never overwritten. */
export const DASHBOARD_TAG = 'contextcore-install';
