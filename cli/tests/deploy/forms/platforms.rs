//! Clouds, compose files and platforms.

use super::says;

#[test]
fn terraform() {
    says(
        "main.tf",
        "resource \"aws_lb_target_group\" \"implied\" {
  stickiness { «aws-stickiness error»
    type = \"lb_cookie\"
  }
}
resource \"aws_lb_target_group\" \"off\" {
  stickiness {
    enabled = false
    type    = \"lb_cookie\"
  }
  // stickiness { type = \"lb_cookie\" }
}
resource \"aws_lb_target_group\" \"given\" {
  stickiness { «aws-stickiness warning»
    enabled = var.sticky
    type    = \"lb_cookie\"
  }
}
resource \"aws_lb_target_group\" \"passed\" {
  dynamic \"stickiness\" { «aws-stickiness note»
    for_each = var.stickiness
    content { enabled = stickiness.value.enabled }
  }
}
module \"alb\" {
  target_groups = { one = {
    stickiness = { «aws-stickiness error»
      enabled = true
    }
  } }
}
resource \"google_compute_backend_service\" \"a\" {
  session_affinity = \"CLIENT_IP\" «cloud-session-affinity error»
}
resource \"google_compute_backend_service\" \"b\" {
  session_affinity = \"NONE\"
}
resource \"azurerm_linux_web_app\" \"a\" {
  client_affinity_enabled = true «cloud-session-affinity error»
}
resource \"aws_ecs_service\" \"one\" {
  desired_count = 1 «one-replica error»
}
resource \"aws_ecs_service\" \"two\" {
  desired_count = 2
}
",
    );
}

#[test]
fn cloudformation() {
    says(
        "stack.yaml",
        "AWSTemplateFormatVersion: '2010-09-09'
Resources:
  On:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetGroupAttributes:
      - Key: stickiness.enabled «aws-stickiness error»
        Value: 'true'
  Off:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetGroupAttributes:
      - {Key: stickiness.enabled, Value: 'false'}
      - {Key: stickiness.type, Value: lb_cookie}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      DefaultActions:
      - ForwardConfig:
          TargetGroupStickinessConfig: «aws-stickiness error»
            Enabled: true
  Service:
    Type: AWS::ECS::Service
    Properties:
      DesiredCount: 1 «one-replica error»
      Cluster: !Ref Cluster
",
    );
}

#[test]
fn nomad() {
    says(
        "shop.nomad",
        "job \"shop\" {
  group \"web\" {
    count = 1 «one-replica error»
    network {
      port \"http\" {
        static = 80 «host-port note»
      }
    }
    service {
      tags = [
        \"traefik.http.services.shop.loadbalancer.sticky.cookie=true\", «traefik-sticky error»
      ]
    }
    task \"web\" {
      config { image = \"shop:1\" }
    }
  }
  group \"db\" {
    count = 1
    task \"db\" {
      config { image = \"postgres:16\" }
    }
  }
}
",
    );
}

#[test]
fn compose() {
    says(
        "compose.yaml",
        "services:
  web:
    build: .
    container_name: web «fixed-container-name warning»
    ports:
      - \"8080:80\" «host-port warning»
      - \"9090:90\"
  api:
    image: example/api:1
    ports: [\"80\", \"8000-8010:80\"]
    deploy:
      replicas: 1 «one-replica error»
  db:
    image: postgres:16
    container_name: db
    ports: [\"5432:5432\"]
    deploy: {replicas: 1}
  proxy:
    image: nginx
    ports: [\"80:80\"]
",
    );
    says(
        "compose.dev.yaml",
        "services:
  web:
    build: .
    container_name: web «fixed-container-name note»
",
    );
    says(
        "docker-compose.yml",
        "services:
  web:
    build: .
    environment:
      DATABASE_URL: sqlite:///data/app.db «sqlite-volume error»
    volumes: [data:/data]
volumes: {data: {}}
",
    );
}

#[test]
fn platforms() {
    says(
        "fly.toml",
        "app = \"shop\"
[mounts] «platform-disk error»
  source = \"data\"
  destination = \"/data\"
[http_service]
  min_machines_running = 1 «one-replica note»
",
    );
    says(
        "render.yaml",
        "services:
  - type: web
    name: shop
    runtime: rust
    numInstances: 1 «one-replica error»
    disk: «platform-disk error»
      name: data
      mountPath: /data
  - type: redis
    name: cache
    plan: starter
    numInstances: 1
",
    );
    says(
        "app.yaml",
        "runtime: custom
manual_scaling:
  instances: 1 «one-replica error»
network:
  session_affinity: true «cloud-session-affinity error»
",
    );
    says(
        "app.json",
        "{\"formation\": {\"web\": {
  \"quantity\": 1 «one-replica error»
}}}
",
    );
}

#[test]
fn groups_of_at_most_one_instance() {
    says(
        "stack.yaml",
        "Resources:
  One:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: '0'
      MaxSize: '1' «one-replica error»
  Many:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: {MinSize: '1', MaxSize: '4'}
",
    );
    says(
        "asg.tf",
        "resource \"aws_autoscaling_group\" \"one\" {
  min_size = 1
  max_size = 1 «one-replica error»
}
resource \"aws_autoscaling_group\" \"many\" {
  min_size = 1
  max_size = 4
}
",
    );
}

#[test]
fn packs_of_nomad() {
    says(
        "templates/shop.nomad.tpl",
        "job [[ template \"job_name\" . ]] {
  [[ template \"region\" . ]]
  datacenters = [ [[ range $at, $name := var \"datacenters\" . ]][[ if $at ]],[[ end ]][[ $name | quote ]][[ end ]] ]
  group \"shop\" {
    count = 1 «one-replica error»
    ephemeral_disk {
      sticky = true
    }
    network {
      port \"http\" {
        to = [[ var \"port\" . ]]
      }
    }
    [[- if var \"register\" . ]]
    service {
      name = [[ var \"name\" . | quote ]]
    }
    [[- end ]]
    task \"shop\" {
      driver = \"docker\"
      config {
        image = [[ var \"image\" . | quote ]]
      }
    }
  }
  group \"mariadb\" {
    count = 1
  }
}
",
    );
}

#[test]
fn a_database_file_on_a_disk_of_render() {
    says(
        "render.yaml",
        "services:
  - type: web
    name: shop
    env: node
    disk: «platform-disk error»
      name: data
      mountPath: /data
    envVars:
      - key: DATABASE_FILENAME
        value: /data/shop.db «sqlite-volume error»
      - key: SEED
        value: /app/seed.db
",
    );
}

#[test]
fn one_instance_in_terraform() {
    says(
        "main.tf",
        "resource \"digitalocean_app\" \"shop\" {
  spec {
    service {
      instance_count = 1 «one-replica error»
    }
  }
}
module \"web\" {
  source        = \"example/ecs-web/aws\"
  desired_count = 1 «one-replica warning»
}
module \"scaled\" {
  source              = \"example/ecs-web/aws\"
  desired_count       = 1
  autoscaling_enabled = true
}
",
    );
}

#[test]
fn what_changes_tables_and_ends_is_no_service() {
    says(
        "compose.yaml",
        "services:
  tables:
    image: flyway/flyway:10
    container_name: tables
  shop:
    image: shop:1
    container_name: shop «fixed-container-name warning»
",
    );
}
