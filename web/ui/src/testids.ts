// Elements browser tests may hold on to, by data-testid. Those marked id carry
// the same value as their element id, too.
export const testid = {
  enrolName: 'enrol-name', // id; the name
  enrolExternalID: 'enrol-external-id', // id
  enrolTags: 'enrol-tags', // id; comma-separated
  enrolNotes: 'enrol-notes', // id
  enrolConsent: 'enrol-consent', // id; the checkbox
  enrolConsentBasis: 'enrol-consent-basis', // id
  enrolConsentDate: 'enrol-consent-date', // id; yyyy-mm-dd
  enrolFiles: 'enrol-files', // id; the file input
  enrolWebcamStart: 'enrol-webcam-start', // id
  enrolWebcamShoot: 'enrol-webcam-shoot', // id; enabled once pictures arrive
  enrolWebcamStop: 'enrol-webcam-stop', // id
  enrolPhoto: 'enrol-photo', // one per photo; data-photo: its name, data-check: waiting|checking|ready|warning|failed
  enrolSubmit: 'enrol-submit', // id
  enrolVerdict: 'enrol-verdict', // one per judged photo; data-status: added|refused|skipped, data-photo, data-code
  enrolDuplicate: 'enrol-duplicate', // "also looks like"; data-name
  enrolResult: 'enrol-result', // the summary after enrolling; data-person: the id
  enrolTaken: 'enrol-add-to-existing', // id; offered when the name is taken
  enrolRestart: 'enrol-restart', // id; begin with another person

  identifyFile: 'identify-file', // id; the file input
  identifyWebcamStart: 'identify-webcam-start', // id
  identifyWebcamShoot: 'identify-webcam-shoot', // id
  identifyWebcamStop: 'identify-webcam-stop', // id
  identifyPhoto: 'identify-photo', // the photo with its boxes; data-state: empty|busy|done|failed
  identifyBox: 'identify-box', // one per face, on the photo; data-decision, data-name
  identifyResult: 'identify-result', // one per face, in the list; data-decision, data-name
  identifyCandidate: 'identify-candidate', // data-name
  identifyEnrol: 'identify-enrol', // enrol this person

  verifyPerson: 'verify-person', // id; whom it should be
  verifyStart: 'verify-start', // id; starts, and starts again
  verifyStop: 'verify-stop', // id
  challenge: 'challenge', // data-phase: off|starting|on, data-result: running|passed|failed, data-ask: ahead|left|right
  verification: 'verification', // data-decision, data-name

  peopleSearch: 'people-search', // id
  peopleTotal: 'people-total', // data-total
  personRow: 'person-row', // one per person; data-name, data-id
  peopleMore: 'people-more', // id; the next page
  personDelete: 'person-delete', // in a row, and on the person's page
  confirmDelete: 'confirm-delete', // id
  confirmCancel: 'confirm-cancel', // id

  personName: 'person-name', // id
  personSave: 'person-save', // id
  personSaved: 'person-saved', // appears when saved
  personFiles: 'person-files', // id; the file input
  personWebcamStart: 'person-webcam-start', // id
  personWebcamShoot: 'person-webcam-shoot', // id
  personWebcamStop: 'person-webcam-stop', // id
  personPhoto: 'person-photo', // as enrol-photo
  personAdd: 'person-add', // id; adds the photos
  personVerdict: 'person-verdict', // as enrol-verdict
  personDuplicate: 'person-duplicate', // as enrol-duplicate
  sampleCard: 'sample', // one per sample; data-id, data-source
  samplePhoto: 'sample-photo',
  sampleDelete: 'sample-delete',

  loginName: 'login-name', // id
  loginPassword: 'login-password', // id
  loginSubmit: 'login-submit', // id
  setupName: 'setup-name', // id
  setupPassword: 'setup-password', // id
  setupSubmit: 'setup-submit', // id
  signOut: 'sign-out', // id
  keyName: 'key-name', // id
  keyScope: 'key-scope', // with -SCOPE: the checkbox
  keyLimit: 'key-limit', // id; opens the limits
  keyRate: 'key-rate', // id
  keyBurst: 'key-burst', // id
  keyConcurrent: 'key-concurrent', // id
  keyCreate: 'key-create', // id
  keySecret: 'key-secret', // the key just made; data-secret
  keyRow: 'key-row', // data-name, data-state
  keyLimits: 'key-limits', // in a row
  keyRevoke: 'key-revoke',
  accountRow: 'account-row', // data-name
  accountDelete: 'account-delete',
  auditAction: 'audit-action', // id
  auditPerson: 'audit-person', // id; name or id
  auditFrom: 'audit-from', // id; yyyy-mm-dd
  auditTo: 'audit-to', // id; yyyy-mm-dd, the day itself included
  auditCSV: 'audit-csv', // a link; of what is shown
  auditJSON: 'audit-json', // as audit-csv
  auditShow: 'audit-show', // id
  auditRow: 'audit-row', // data-action
  auditCheck: 'audit-check', // id
  auditVerdict: 'audit-verdict', // data-valid

  cameraAdd: 'camera-add', // id
  cameraWebcam: 'camera-webcam', // id; the browser's webcam as a camera
  cameraName: 'camera-name', // id
  cameraSource: 'camera-source', // id
  cameraSave: 'camera-save', // id
  cameraRow: 'camera-row', // one per camera; data-name, data-state
  cameraLive: 'camera-live', // the live picture; data-state
  cameraPause: 'camera-pause', // id; pauses, or goes on
  cameraEdit: 'camera-edit', // id
  cameraRemove: 'camera-remove', // id
  webcamFeed: 'webcam-feed', // data-phase: off|starting|on, data-sent: pictures
  webcamFeedStart: 'webcam-feed-start', // id
  webcamFeedStop: 'webcam-feed-stop', // id
  zonesEdit: 'zones-edit', // id
  zoneAdd: 'zone-add', // id
  zoneSave: 'zone-save', // id
  zoneMode: 'zone-mode', // one select per zone
  zone: 'zone', // one per polygon; data-mode
  zoneCorner: 'zone-corner', // of the zone being edited
  sightingsTotal: 'sightings-total', // data-total, data-live
  sightingsCamera: 'sightings-camera', // id
  sightingsPerson: 'sightings-person', // id
  sightingsDecision: 'sightings-decision', // id
  sightingCard: 'sighting', // one per sighting; data-id, data-decision, data-name, data-unknown, data-ended
  sightingName: 'sighting-name', // of a stranger's
  sightingDelete: 'sighting-delete', // pressed twice
  strangersTotal: 'strangers-total', // data-total
  strangersMerge: 'strangers-merge', // id
  strangerCard: 'stranger', // data-id, data-sightings
  strangerChoose: 'stranger-choose', // the checkbox
  strangerName: 'stranger-name',
  strangerDelete: 'stranger-delete',
  strangerSplit: 'stranger-split', // id; on the sightings of one stranger
  nameInput: 'name-input', // id; who a stranger is
  nameConsent: 'name-consent', // id
  nameSave: 'name-save', // id; pressed again where the name is enrolled

  thresholds: 'thresholds', // what is in force; data-policy, data-identify, data-verify
  policy: 'policy', // one radio per policy; data-policy
  calibrate: 'calibrate', // id; measures the gallery
  thresholdSlider: 'threshold-slider', // id
  thresholdUse: 'threshold-use', // identify by what the slider says
  ownPairs: 'own-pairs', // data-threshold, data-confused, data-missed
  confused: 'confused', // one per pair of people; data-a, data-b
  missed: 'missed', // one per person; data-name

  apiSearch: 'api-search', // id
  apiOperation: 'api-operation', // one per call; data-id
  apiCode: 'api-code', // an example; with -row: an error code, data-code

  problem: 'problem', // any error shown; data-code
} as const
