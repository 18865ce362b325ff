# The pulse: every live job gets a pass each minute, whatever became of its events.
resource "google_cloud_scheduler_job" "tick" {
  name        = "ff-tick"
  description = "foreach-fleet: a pass for every live job, and the sweep for what no job claims"
  region      = var.region
  schedule    = "* * * * *"
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.this["tick"].id
    data       = base64encode("tick")
  }

  depends_on = [google_project_service.enabled]
}
