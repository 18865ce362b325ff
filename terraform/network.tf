# A network of its own: machines without public addresses, and the functions inside it so that they reach Redis by its
# pod's address.
resource "google_compute_network" "this" {
  name                    = local.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.enabled]
}

resource "google_compute_subnetwork" "nodes" {
  name                     = local.name
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.nodes_range
  private_ip_google_access = true

  lifecycle {
    # GKE adds two ranges for each cluster and takes them away with it. An apply while jobs run must not undo that.
    ignore_changes = [secondary_ip_range]
  }
}

# For jobs that install packages or read from the internet. Google's own services are reached without it.
resource "google_compute_router" "this" {
  name    = local.name
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  name                               = local.name
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.nodes.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}

# How the functions get into the network. Of this provider's version the functions resource knows no other way; see
# "What it costs" in the README.
resource "google_compute_subnetwork" "functions" {
  name                     = "${local.name}-functions"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.functions_range
  private_ip_google_access = true
}

resource "google_vpc_access_connector" "functions" {
  name          = "ff-functions"
  region        = var.region
  machine_type  = "e2-micro"
  min_instances = 2
  max_instances = 3

  subnet {
    name = google_compute_subnetwork.functions.name
  }

  depends_on = [google_project_service.enabled]
}

# Nothing else comes in from outside a cluster. Inside it, manifests/10-network-policies.yaml decides.
resource "google_compute_firewall" "functions_to_redis" {
  name                    = "${local.name}-functions-to-redis"
  description             = "The functions read the queue and take results from Redis"
  network                 = google_compute_network.this.id
  direction               = "INGRESS"
  source_ranges           = [var.functions_range]
  target_service_accounts = [google_service_account.node.email]

  allow {
    protocol = "tcp"
    ports    = ["6379"]
  }
}
