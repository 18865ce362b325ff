locals {
  topics = {
    progress  = "ff-progress"
    completed = "ff-completed"
    tick      = "ff-tick"
    budget    = "ff-budget"
    notices   = "ff-notices"
  }
}

resource "google_pubsub_topic" "this" {
  for_each = local.topics

  name = each.value

  depends_on = [google_project_service.enabled]
}

# A message that could not be handled in 100 attempts ends here instead of nowhere, once the triggers' subscriptions
# point to it (output dead_letter_commands). Jobs do not depend on it: the tick looks at every job each minute, whatever
# became of its events.
resource "google_pubsub_topic" "dead_letters" {
  name = "ff-dead-letters"

  depends_on = [google_project_service.enabled]
}

# Without a subscription they would vanish.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "ff-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "dead_letters_publisher" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

# Dead-lettering acknowledges messages on the triggers' own subscriptions, whose names Eventarc chooses.
resource "google_project_iam_member" "dead_letters_subscriber" {
  project = var.project_id
  role    = "roles/pubsub.subscriber"
  member  = local.pubsub_agent

  depends_on = [google_pubsub_topic.dead_letters]
}
