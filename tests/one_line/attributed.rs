//! Impls in the styles that people write them in, of a service whose generated code has the attribute.

pub(crate) use super::{attributed_in_scope, reexports};

mod trait_alone {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare;

    pub(crate) struct TraitAlone;

    #[intercepted(crate::tell)]
    impl Bare for TraitAlone {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_and_server {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::{Bare, BareServer};
    pub(crate) fn server(service: TraitAndServer) -> BareServer<TraitAndServer> {
        BareServer::new(service)
    }

    pub(crate) struct TraitAndServer;

    #[intercepted(crate::tell)]
    impl Bare for TraitAndServer {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod module {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server;

    pub(crate) struct Module;

    #[intercepted(crate::tell)]
    impl bare_server::Bare for Module {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod module_renamed {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server as generated;

    pub(crate) struct ModuleRenamed;

    #[intercepted(crate::tell)]
    impl generated::Bare for ModuleRenamed {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod whole_path {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    pub(crate) struct WholePath;

    #[intercepted(crate::tell)]
    impl grpc_interceptor_proto::bare::bare_server::Bare for WholePath {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod package_module {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare as pb;

    pub(crate) struct PackageModule;

    #[intercepted(crate::tell)]
    impl pb::bare_server::Bare for PackageModule {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_renamed {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare as Api;

    pub(crate) struct TraitRenamed;

    #[intercepted(crate::tell)]
    impl Api for TraitRenamed {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_and_server_renamed {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::{Bare as Api, BareServer as Server};
    pub(crate) fn server(service: TraitAndServerRenamed) -> Server<TraitAndServerRenamed> {
        Server::new(service)
    }

    pub(crate) struct TraitAndServerRenamed;

    #[intercepted(crate::tell)]
    impl Api for TraitAndServerRenamed {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod self_and_trait {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::{self, Bare};
    pub(crate) fn server(service: SelfAndTrait) -> bare_server::BareServer<SelfAndTrait> {
        bare_server::BareServer::new(service)
    }

    pub(crate) struct SelfAndTrait;

    #[intercepted(crate::tell)]
    impl Bare for SelfAndTrait {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod in_a_tree {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::{Word as Message, bare_server::Bare};
    pub(crate) type Alias = Message;

    pub(crate) struct InATree;

    #[intercepted(crate::tell)]
    impl Bare for InATree {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod glob_of_the_server {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::*;

    pub(crate) struct GlobOfTheServer;

    #[intercepted(crate::tell)]
    impl Bare for GlobOfTheServer {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod two_globs {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use bare_server::*;
    use grpc_interceptor_proto::bare::*;

    pub(crate) struct TwoGlobs;

    #[intercepted(crate::tell)]
    impl Bare for TwoGlobs {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod own_struct_of_that_name {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare;
    pub(crate) struct BareServer;
    pub(crate) const SERVER: BareServer = BareServer;

    pub(crate) struct OwnStructOfThatName;

    #[intercepted(crate::tell)]
    impl Bare for OwnStructOfThatName {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod own_generic_struct_of_that_name {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare;
    pub(crate) struct BareServer<A, B>(pub(crate) A, pub(crate) B);
    pub(crate) const SERVER: BareServer<u8, u8> = BareServer(1, 2);

    pub(crate) struct OwnGenericStructOfThatName;

    #[intercepted(crate::tell)]
    impl Bare for OwnGenericStructOfThatName {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod server_imported_elsewhere {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare;
    mod start {
        pub(crate) use grpc_interceptor_proto::bare::bare_server::BareServer;
    }
    pub(crate) fn server(
        service: ServerImportedElsewhere,
    ) -> start::BareServer<ServerImportedElsewhere> {
        start::BareServer::new(service)
    }

    pub(crate) struct ServerImportedElsewhere;

    #[intercepted(crate::tell)]
    impl Bare for ServerImportedElsewhere {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod reexported_both {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::reexports::attributed::{Bare as Trait, BareServer as Server};
    pub(crate) fn server(service: ReexportedBoth) -> Server<ReexportedBoth> {
        Server::new(service)
    }

    pub(crate) struct ReexportedBoth;

    #[intercepted(crate::tell)]
    impl Trait for ReexportedBoth {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod reexported_module {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::reexports::attributed::bare_server::Bare;

    pub(crate) struct ReexportedModule;

    #[intercepted(crate::tell)]
    impl Bare for ReexportedModule {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod crate_path {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use crate::reexports::attributed::bare_server::Bare;

    pub(crate) struct CratePath;

    #[intercepted(crate::tell)]
    impl Bare for CratePath {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_in_super {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::attributed_in_scope::*;

    pub(crate) struct TraitInSuper;

    #[intercepted(crate::tell)]
    impl Bare for TraitInSuper {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod service_named_like_the_trait {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server;

    pub(crate) struct Bare;

    #[intercepted(crate::tell)]
    impl bare_server::Bare for Bare {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod service_named_server {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare;

    pub(crate) struct BareService;

    #[intercepted(crate::tell)]
    impl Bare for BareService {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod with_other_globs {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use grpc_interceptor_proto::bare::bare_server::Bare;
    use std::collections::*;
    pub(crate) type Map = HashMap<u8, u8>;

    pub(crate) struct WithOtherGlobs;

    #[intercepted(crate::tell)]
    impl Bare for WithOtherGlobs {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_reexported_alone {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::reexports::Words;

    pub(crate) struct TraitReexportedAlone;

    #[intercepted(crate::tell)]
    impl Words for TraitReexportedAlone {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_of_another_module_renamed {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::reexports as api;

    pub(crate) struct TraitOfAnotherModuleRenamed;

    #[intercepted(crate::tell)]
    impl api::Words for TraitOfAnotherModuleRenamed {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

mod trait_renamed_twice {
    use grpc_interceptor::intercepted;
    use tonic::{Request, Response, Status};

    use super::reexports::Words as Verbs;

    pub(crate) struct TraitRenamedTwice;

    #[intercepted(crate::tell)]
    impl Verbs for TraitRenamedTwice {
        async fn call(
            &self,
            request: Request<grpc_interceptor_proto::bare::Word>,
        ) -> Result<Response<grpc_interceptor_proto::bare::Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

/// The names that the interceptors see.
pub(crate) async fn names() -> Vec<(&'static str, String)> {
    crate::names!(
        grpc_interceptor_proto::bare::bare_server::Bare,
        trait_alone::TraitAlone,
        trait_and_server::TraitAndServer,
        module::Module,
        module_renamed::ModuleRenamed,
        whole_path::WholePath,
        package_module::PackageModule,
        trait_renamed::TraitRenamed,
        trait_and_server_renamed::TraitAndServerRenamed,
        self_and_trait::SelfAndTrait,
        in_a_tree::InATree,
        glob_of_the_server::GlobOfTheServer,
        two_globs::TwoGlobs,
        own_struct_of_that_name::OwnStructOfThatName,
        own_generic_struct_of_that_name::OwnGenericStructOfThatName,
        server_imported_elsewhere::ServerImportedElsewhere,
        reexported_both::ReexportedBoth,
        reexported_module::ReexportedModule,
        crate_path::CratePath,
        trait_in_super::TraitInSuper,
        service_named_like_the_trait::Bare,
        service_named_server::BareService,
        with_other_globs::WithOtherGlobs,
        trait_reexported_alone::TraitReexportedAlone,
        trait_of_another_module_renamed::TraitOfAnotherModuleRenamed,
        trait_renamed_twice::TraitRenamedTwice,
    )
}
